-- Event history of one period. The (profile, time) index is random and is the whole cost of ingestion; a period keeps it small.
CREATE TABLE events (
  period  {bigint}  NOT NULL,
  id      {bytes} NOT NULL,
  account {text}    NOT NULL,
  ordinal {bigint}  NOT NULL,
  device  {bytes},
  at      {bigint}  NOT NULL,
  name    {text}    NOT NULL,
  props   {text}    NOT NULL,
  PRIMARY KEY (period, id)
) {partitioned};
CREATE INDEX events_timeline ON events (account, ordinal, at);
