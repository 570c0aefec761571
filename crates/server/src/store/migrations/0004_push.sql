-- Push whole: how far a run is through, so that its fan-out keeps only a little ahead of the push services.

ALTER TABLE runs ADD COLUMN through {bigint} NOT NULL DEFAULT 0;
-- Runs of an older version that are under way had no such bound; their pieces count as through.
UPDATE runs SET through = chunks;

-- What somebody was sent: how long ago, and for their page.
CREATE INDEX sends_of ON sends (account, ordinal, campaign, run);

-- Pieces of which nothing is left but what waits for a retry or for a push service that rests; a fan-out does not wait for them.
CREATE TABLE parked_pieces (
  account  {text}   NOT NULL,
  campaign {bigint} NOT NULL,
  run      {bigint} NOT NULL,
  chunk    {bigint} NOT NULL,
  PRIMARY KEY (account, campaign, run, chunk)
) {strict};

-- How many messages of a push were settled in each ten seconds: by it the time that is left is judged.
CREATE TABLE push_steps (
  account  {text}   NOT NULL,
  campaign {bigint} NOT NULL,
  step     {bigint} NOT NULL,
  n        {bigint} NOT NULL,
  PRIMARY KEY (account, campaign, step)
) {strict};
