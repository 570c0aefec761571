-- Push whole: how far a run is through, so that its fan-out keeps only a little ahead of the push services.

ALTER TABLE runs ADD COLUMN through {bigint} NOT NULL DEFAULT 0;
-- Runs of an older version that are under way had no such bound; their pieces count as through.
UPDATE runs SET through = chunks;

-- What somebody was sent: how long ago, and for their page.
CREATE INDEX sends_of ON sends (account, ordinal, campaign, run);

-- What programs ask for. What is known of a single sending beside its recipient: the event that it follows, or what a program sent along.
ALTER TABLE sends ADD COLUMN given {text};

-- Requests with a key, so that one that is sent again gets its first answer.
CREATE TABLE requests (
  account {text}   NOT NULL,
  key     {text}   NOT NULL,
  digest  {bytes}  NOT NULL,
  answer  {text}   NOT NULL,
  made_at {bigint} NOT NULL,
  PRIMARY KEY (account, key)
) {strict};
CREATE INDEX requests_by_age ON requests (account, made_at);

-- Pieces of which nothing is left but what waits for a retry or for a push service that rests; a fan-out does not wait for them.
CREATE TABLE parked_pieces (
  account  {text}   NOT NULL,
  campaign {bigint} NOT NULL,
  run      {bigint} NOT NULL,
  chunk    {bigint} NOT NULL,
  PRIMARY KEY (account, campaign, run, chunk)
) {strict};

-- When a push goes: the moment from which a message's time to live counts (0: its run's beginning).
ALTER TABLE sends ADD COLUMN due_at {bigint} NOT NULL DEFAULT 0;
-- Rounds of a push that comes again: whether one was left out because it was too late for it, and what was counted of each.
ALTER TABLE runs ADD COLUMN missed {bigint} NOT NULL DEFAULT 0;
CREATE TABLE run_counts (
  account  {text}   NOT NULL,
  campaign {bigint} NOT NULL,
  run      {bigint} NOT NULL,
  measure  {text}   NOT NULL,
  n        {bigint} NOT NULL,
  PRIMARY KEY (account, campaign, run, measure)
) {strict};
-- What a person was sent lately, for the caps. `version` guards against two that write at once.
CREATE TABLE push_logs (
  account {text}   NOT NULL,
  ordinal {bigint} NOT NULL,
  log     {text}   NOT NULL,
  version {bigint} NOT NULL,
  PRIMARY KEY (account, ordinal)
) {strict};

-- How many messages of a push were settled in each ten seconds: by it the time that is left is judged.
CREATE TABLE push_steps (
  account  {text}   NOT NULL,
  campaign {bigint} NOT NULL,
  step     {bigint} NOT NULL,
  n        {bigint} NOT NULL,
  PRIMARY KEY (account, campaign, step)
) {strict};

-- Variants of a push: which one a message is, and whether it belongs to the test (1) or to what follows it (2).
ALTER TABLE sends ADD COLUMN variant {text};
ALTER TABLE sends ADD COLUMN revision {bigint} NOT NULL DEFAULT 1;
-- The test of a run: when it is decided, what has won, who said so (click, goal, hand), and the first piece of the rest.
ALTER TABLE runs ADD COLUMN test_ends {bigint};
ALTER TABLE runs ADD COLUMN winner {text};
ALTER TABLE runs ADD COLUMN decided_at {bigint};
ALTER TABLE runs ADD COLUMN decided_by {text};
ALTER TABLE runs ADD COLUMN rest_from {bigint};
-- Whom a push that is compared was made for, or held back from: once for each person.
CREATE TABLE exposures (
  account      {text}   NOT NULL,
  ordinal      {bigint} NOT NULL,
  campaign     {bigint} NOT NULL,
  variant      {text}   NOT NULL,
  revision     {bigint} NOT NULL,
  at           {bigint} NOT NULL,
  converted_at {bigint},
  PRIMARY KEY (account, ordinal, campaign)
) {keyed};
CREATE INDEX exposures_of ON exposures (account, campaign);

-- What is left of a run, and the last moment of what was put off, without its messages being read.
DROP INDEX sends_waiting;
CREATE INDEX sends_waiting ON sends (account, campaign, run, chunk, retry_at) WHERE state = 'waiting';

-- What went wrong: why a message was not sent, by a code where that was said here; each answer of a message that was tried more than once;
-- what its owner is told once of a push; the operating system, for reports; from when a goal counts, and whose sending says so.
ALTER TABLE sends ADD COLUMN cause {text};
-- Why messages of a push failed: a report asks again and again while it goes out.
CREATE INDEX sends_reasons ON sends (account, campaign, state, status, cause, reason) WHERE reason <> '' AND state <> 'sent';
CREATE TABLE send_tries (
  account      {text}   NOT NULL,
  campaign     {bigint} NOT NULL,
  run          {bigint} NOT NULL,
  subscription {bytes}  NOT NULL,
  attempt      {bigint} NOT NULL,
  at           {bigint} NOT NULL,
  status       {bigint},
  cause        {text},
  reason       {text}   NOT NULL,
  PRIMARY KEY (account, campaign, run, subscription, attempt)
) {keyed};
CREATE TABLE push_alarms (
  account      {text}   NOT NULL,
  campaign     {bigint} NOT NULL,
  kind         {text}   NOT NULL,
  host         {text}   NOT NULL,
  reason       {text}   NOT NULL,
  n            {bigint} NOT NULL,
  since        {bigint} NOT NULL,
  since_day    {bigint} NOT NULL,
  last_at      {bigint} NOT NULL,
  told_at      {bigint},
  dismissed_at {bigint},
  PRIMARY KEY (account, campaign, kind)
) {strict};
ALTER TABLE subscriptions ADD COLUMN system {text} NOT NULL DEFAULT '';
ALTER TABLE exposures ADD COLUMN counts_from {bigint};
ALTER TABLE exposures ADD COLUMN first_send {bytes};

-- Tests of a push: what went to one browser so that its author sees it, and what its push service said. No report counts them.
CREATE TABLE push_tests (
  account      {text}   NOT NULL,
  id           {bytes}  NOT NULL,
  campaign     {bigint} NOT NULL,
  variant      {text}   NOT NULL,
  subscription {bytes}  NOT NULL,
  made_at      {bigint} NOT NULL,
  state        {text}   NOT NULL,
  status       {bigint},
  reason       {text}   NOT NULL,
  PRIMARY KEY (account, id)
) {strict};

-- The key ring: for which browsers a pair makes new subscriptions (all, chrome, firefox), and since when; the newest that fits is in use.
ALTER TABLE vapid_keys ADD COLUMN browsers {text} NOT NULL DEFAULT 'all';
ALTER TABLE vapid_keys ADD COLUMN since {bigint} NOT NULL DEFAULT 0;
CREATE INDEX subscriptions_vapid_key ON subscriptions (account, vapid_key) WHERE state = 'live';

-- Multiples of a subscription's public key, with which a message to it takes less time; none: it came in before, and is written to without.
ALTER TABLE subscriptions ADD COLUMN multiples {bytes};

-- What a browser's own question was answered after a pop-up had asked for push.
ALTER TABLE impressions ADD COLUMN granted_at {bigint};
ALTER TABLE impressions ADD COLUMN blocked_at {bigint};

-- Imports of subscriptions: how far each is, the file in pieces of whole rows while it is needed, and what was wrong with which row
-- (phase 0: when it was checked, 1: when it was taken; kept 1: the row was taken, only a field of it was left out).
CREATE TABLE imports (
  account    {text}   NOT NULL,
  id         {bytes}  NOT NULL,
  name       {text}   NOT NULL,
  format     {text}   NOT NULL,
  state      {text}   NOT NULL,
  vapid_key  {bytes},
  total      {bigint} NOT NULL,
  pieces     {bigint} NOT NULL,
  piece      {bigint} NOT NULL,
  counts     {text}   NOT NULL,
  ignored    {text}   NOT NULL,
  made_at    {bigint} NOT NULL,
  changed_at {bigint} NOT NULL,
  PRIMARY KEY (account, id)
) {strict};
CREATE TABLE import_pieces (
  account {text}   NOT NULL,
  import  {bytes}  NOT NULL,
  piece   {bigint} NOT NULL,
  body    {bytes}  NOT NULL,
  PRIMARY KEY (account, import, piece)
) {strict};
CREATE TABLE import_remarks (
  account {text}   NOT NULL,
  import  {bytes}  NOT NULL,
  phase   {bigint} NOT NULL,
  line    {bigint} NOT NULL,
  field   {text}   NOT NULL,
  reason  {text}   NOT NULL,
  message {text}   NOT NULL,
  kept    {bigint} NOT NULL,
  PRIMARY KEY (account, import, phase, line, field)
) {keyed};
