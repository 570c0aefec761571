-- Pop-ups whole: what a person did and was handed beside the profile, variants and revisions, answers, and settings of the account.

ALTER TABLE accounts ADD COLUMN settings {text} NOT NULL DEFAULT '{}';
ALTER TABLE accounts ADD COLUMN link_key {bytes};

-- Sums that decisions read, written under the profile's version.
ALTER TABLE profiles ADD COLUMN activity {text} NOT NULL DEFAULT '{}';
ALTER TABLE profiles ADD COLUMN ledger {text} NOT NULL DEFAULT '{}';

ALTER TABLE impressions ADD COLUMN variant {text} NOT NULL DEFAULT 'A';
ALTER TABLE impressions ADD COLUMN revision {bigint} NOT NULL DEFAULT 1;
ALTER TABLE impressions ADD COLUMN answered_at {bigint};

ALTER TABLE campaigns ADD COLUMN revision {bigint} NOT NULL DEFAULT 1;
ALTER TABLE campaigns ADD COLUMN draft {text};
ALTER TABLE campaigns ADD COLUMN archived_at {bigint};

-- What visitors got at which time: each definition that was in force.
CREATE TABLE campaign_revisions (
  account    {text}   NOT NULL,
  campaign   {bigint} NOT NULL,
  revision   {bigint} NOT NULL,
  definition {text}   NOT NULL,
  since      {bigint} NOT NULL,
  PRIMARY KEY (account, campaign, revision)
) {strict};

-- As campaign_counts, by revision and variant instead of by day.
CREATE TABLE variant_counts (
  account  {text}   NOT NULL,
  campaign {bigint} NOT NULL,
  revision {bigint} NOT NULL,
  variant  {text}   NOT NULL,
  measure  {text}   NOT NULL,
  n        {bigint} NOT NULL,
  PRIMARY KEY (account, campaign, revision, variant, measure)
) {keyed};

-- What visitors wrote into the field of a pop-up: one answer for each impression.
CREATE TABLE answers (
  account    {text}   NOT NULL,
  campaign   {bigint} NOT NULL,
  impression {bytes}  NOT NULL,
  ordinal    {bigint} NOT NULL,
  revision   {bigint} NOT NULL,
  variant    {text}   NOT NULL,
  answer     {text}   NOT NULL,
  comment    {text}   NOT NULL,
  consent    {bigint} NOT NULL,
  at         {bigint} NOT NULL,
  PRIMARY KEY (account, campaign, impression)
) {strict};
