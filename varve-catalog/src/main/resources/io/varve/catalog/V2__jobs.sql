-- SPDX-License-Identifier: Apache-2.0
-- Work that verbs leave behind. The journal (intent) has the short steps of it that change files.

CREATE TABLE job (
  id               TEXT   NOT NULL PRIMARY KEY,
  pool_id          TEXT   NOT NULL REFERENCES pool (id) ON DELETE CASCADE,
  family_id        TEXT   NOT NULL,
  kind             TEXT   NOT NULL,
  subject          TEXT   NOT NULL,
  state            TEXT   NOT NULL,
  args             TEXT   NOT NULL,
  total_bytes      BIGINT NOT NULL,
  done_bytes       BIGINT NOT NULL,
  freed_bytes      BIGINT NOT NULL,
  bytes_per_second BIGINT NOT NULL,
  run_window       TEXT,
  reason           TEXT,
  created_ms       BIGINT NOT NULL,
  started_ms       BIGINT NOT NULL,
  ended_ms         BIGINT NOT NULL,
  version          BIGINT NOT NULL
);
CREATE INDEX job_family ON job (pool_id, family_id);

INSERT INTO varve_schema (version) VALUES (2);
