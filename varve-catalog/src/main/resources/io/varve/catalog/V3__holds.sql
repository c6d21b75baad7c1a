-- SPDX-License-Identifier: Apache-2.0
-- Who holds a snapshot. That it is held is in its file; this says by whom and why.

CREATE TABLE hold (
  snapshot_id TEXT   NOT NULL PRIMARY KEY REFERENCES snapshot (id) ON DELETE CASCADE,
  holder      TEXT   NOT NULL,
  reason      TEXT   NOT NULL,
  since_ms    BIGINT NOT NULL
);

INSERT INTO varve_schema (version) VALUES (3);
