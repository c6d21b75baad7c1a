-- SPDX-License-Identifier: Apache-2.0
-- One text for SQLite and PostgreSQL. Ids are UUIDs as text, times are milliseconds since 1970 UTC.

CREATE TABLE varve_schema (
  version INTEGER NOT NULL PRIMARY KEY
);

CREATE TABLE pool (
  id      TEXT   NOT NULL PRIMARY KEY,
  name    TEXT   NOT NULL UNIQUE,
  path    TEXT   NOT NULL,
  kind    TEXT   NOT NULL,
  profile TEXT   NOT NULL,
  version BIGINT NOT NULL
);

CREATE TABLE pool_member (
  pool_id TEXT NOT NULL REFERENCES pool (id) ON DELETE CASCADE,
  role    TEXT NOT NULL,
  name    TEXT NOT NULL,
  PRIMARY KEY (pool_id, role, name)
);

CREATE TABLE disk (
  id              TEXT   NOT NULL PRIMARY KEY,
  pool_id         TEXT   NOT NULL REFERENCES pool (id) ON DELETE CASCADE,
  family_id       TEXT   NOT NULL,
  name            TEXT   NOT NULL,
  size_bytes      BIGINT NOT NULL,
  active_layer_id TEXT   NOT NULL,
  compute_parent  TEXT,
  created_ms      BIGINT NOT NULL,
  version         BIGINT NOT NULL,
  UNIQUE (pool_id, name)
);
CREATE INDEX disk_family ON disk (family_id);
CREATE INDEX disk_name ON disk (name);

-- disk_id is no reference: a retired layer may outlive the disk that it was made for.
CREATE TABLE layer (
  id         TEXT   NOT NULL PRIMARY KEY,
  pool_id    TEXT   NOT NULL REFERENCES pool (id) ON DELETE CASCADE,
  family_id  TEXT   NOT NULL,
  disk_id    TEXT   NOT NULL,
  parent_id  TEXT,
  role       TEXT   NOT NULL,
  file       TEXT   NOT NULL,
  created_ms BIGINT NOT NULL,
  frozen_ms  BIGINT NOT NULL,
  version    BIGINT NOT NULL
);
CREATE INDEX layer_pool ON layer (pool_id);
CREATE INDEX layer_family ON layer (family_id);
CREATE INDEX layer_parent ON layer (parent_id);

CREATE TABLE snapshot (
  id             TEXT    NOT NULL PRIMARY KEY,
  disk_id        TEXT    NOT NULL REFERENCES disk (id) ON DELETE CASCADE,
  name           TEXT    NOT NULL,
  kind           TEXT    NOT NULL,
  layer_id       TEXT    NOT NULL,
  internal_id    TEXT,
  automatic      INTEGER NOT NULL,
  compute_parent TEXT,
  parent_known   INTEGER NOT NULL,
  created_ms     BIGINT  NOT NULL
);
CREATE INDEX snapshot_disk ON snapshot (disk_id);
CREATE INDEX snapshot_layer ON snapshot (layer_id);
-- Inside a qcow2 file, where other programs write too, two snapshots may have one name.
CREATE UNIQUE INDEX snapshot_storage_name ON snapshot (disk_id, name) WHERE kind = 'STORAGE';

CREATE TABLE intent (
  id         TEXT   NOT NULL PRIMARY KEY,
  pool_id    TEXT   NOT NULL REFERENCES pool (id) ON DELETE CASCADE,
  family_id  TEXT   NOT NULL,
  verb       TEXT   NOT NULL,
  args       TEXT   NOT NULL,
  created_ms BIGINT NOT NULL
);
CREATE INDEX intent_family ON intent (pool_id, family_id);

CREATE TABLE disk_io (
  disk_id             TEXT   NOT NULL PRIMARY KEY REFERENCES disk (id) ON DELETE CASCADE,
  guest_reads         BIGINT NOT NULL,
  guest_read_bytes    BIGINT NOT NULL,
  guest_writes        BIGINT NOT NULL,
  guest_write_bytes   BIGINT NOT NULL,
  guest_discards      BIGINT NOT NULL,
  guest_flushes       BIGINT NOT NULL,
  host_reads          BIGINT NOT NULL,
  host_read_bytes     BIGINT NOT NULL,
  host_writes         BIGINT NOT NULL,
  host_write_bytes    BIGINT NOT NULL,
  host_flushes        BIGINT NOT NULL,
  host_punches        BIGINT NOT NULL,
  host_punched_bytes  BIGINT NOT NULL
);

INSERT INTO varve_schema (version) VALUES (1);
