-- The data model of Campanile, core part. docs/data-model.md describes it as states; store/mod.rs in one page.
-- Times are milliseconds since 1970, days yyyymmdd, ids 16 bytes that sort by time, JSON is text.

CREATE TABLE accounts (
  id           {text}   NOT NULL PRIMARY KEY,
  name         {text}   NOT NULL,
  zone         {text}   NOT NULL,
  origins      {text}   NOT NULL,
  next_ordinal {bigint} NOT NULL,
  revision     {bigint} NOT NULL,
  created_at   {bigint} NOT NULL
) {strict};

CREATE TABLE users (
  id         {bytes} NOT NULL PRIMARY KEY,
  email      {text}    NOT NULL UNIQUE,
  password   {text},
  created_at {bigint}  NOT NULL
) {strict};

CREATE TABLE sign_in_links (
  token_hash {bytes} NOT NULL PRIMARY KEY,
  user_id    {bytes},
  expires_at {bigint}  NOT NULL,
  used_at    {bigint}
) {strict};

CREATE TABLE sessions (
  token_hash {bytes} NOT NULL PRIMARY KEY,
  user_id    {bytes} NOT NULL,
  csrf       {text}    NOT NULL,
  created_at {bigint}  NOT NULL,
  expires_at {bigint}  NOT NULL
) {strict};

CREATE TABLE api_keys (
  account    {text}    NOT NULL,
  id         {bytes} NOT NULL,
  name       {text}    NOT NULL,
  key_hash   {bytes} NOT NULL UNIQUE,
  tail       {text}    NOT NULL,
  created_at {bigint}  NOT NULL,
  used_at    {bigint},
  PRIMARY KEY (account, id)
) {strict};

CREATE TABLE vapid_keys (
  account     {text}    NOT NULL,
  id          {bytes} NOT NULL,
  public_key  {text}    NOT NULL,
  private_key {bytes} NOT NULL,
  created_at  {bigint}  NOT NULL,
  PRIMARY KEY (account, id)
) {strict};

CREATE TABLE sightings (
  account  {text}   NOT NULL,
  origin   {text}   NOT NULL,
  sdk      {text}   NOT NULL,
  first_at {bigint} NOT NULL,
  last_at  {bigint} NOT NULL,
  PRIMARY KEY (account, origin)
) {keyed};

CREATE TABLE profiles (
  account     {text}   NOT NULL,
  ordinal     {bigint} NOT NULL,
  properties  {text}   NOT NULL,
  identified  {bigint} NOT NULL,
  version     {bigint} NOT NULL,
  merged_into {bigint},
  created_at  {bigint} NOT NULL,
  changed_at  {bigint} NOT NULL,
  PRIMARY KEY (account, ordinal)
) {strict};
CREATE INDEX profiles_merged ON profiles (account, merged_into) WHERE merged_into IS NOT NULL;

CREATE TABLE identities (
  account {text}   NOT NULL,
  kind    {text}   NOT NULL,
  value   {text}   NOT NULL,
  ordinal {bigint} NOT NULL,
  PRIMARY KEY (account, kind, value)
) {keyed};
CREATE INDEX identities_owner ON identities (account, ordinal);

CREATE TABLE devices (
  account    {text}    NOT NULL,
  id         {bytes} NOT NULL,
  ordinal    {bigint}  NOT NULL,
  version    {bigint}  NOT NULL,
  state      {text}    NOT NULL,
  created_at {bigint}  NOT NULL,
  seen_at    {bigint}  NOT NULL,
  PRIMARY KEY (account, id)
) {strict};
CREATE INDEX devices_owner ON devices (account, ordinal);

-- Which operations were taken: a replay finds its id here. Ids sort by time, so it grows at its end and is swept at its start.
CREATE TABLE operations (
  account {text}    NOT NULL,
  id      {bytes} NOT NULL,
  PRIMARY KEY (account, id)
) {keyed};

CREATE TABLE campaigns (
  account    {text}   NOT NULL,
  id         {bigint} NOT NULL,
  kind       {text}   NOT NULL,
  status     {text}   NOT NULL,
  definition {text}   NOT NULL,
  created_at {bigint} NOT NULL,
  changed_at {bigint} NOT NULL,
  started_at {bigint},
  ended_at   {bigint},
  PRIMARY KEY (account, id)
) {strict};

CREATE TABLE campaign_counts (
  account  {text}   NOT NULL,
  campaign {bigint} NOT NULL,
  day      {bigint} NOT NULL,
  measure  {text}   NOT NULL,
  n        {bigint} NOT NULL,
  PRIMARY KEY (account, campaign, day, measure)
) {keyed};

CREATE TABLE impressions (
  account    {text}    NOT NULL,
  id         {bytes} NOT NULL,
  campaign   {bigint}  NOT NULL,
  ordinal    {bigint}  NOT NULL,
  device     {bytes} NOT NULL,
  handed_at  {bigint}  NOT NULL,
  shown_at   {bigint},
  clicked_at {bigint},
  closed_at  {bigint},
  PRIMARY KEY (account, id)
) {strict};

CREATE TABLE subscriptions (
  account    {text}    NOT NULL,
  id         {bytes} NOT NULL,
  device     {bytes},
  ordinal    {bigint}  NOT NULL,
  endpoint   {text}    NOT NULL,
  p256dh     {bytes} NOT NULL,
  auth       {bytes} NOT NULL,
  vapid_key  {bytes} NOT NULL,
  browser    {text}    NOT NULL,
  state      {text}    NOT NULL,
  reason     {text}    NOT NULL,
  created_at {bigint}  NOT NULL,
  changed_at {bigint}  NOT NULL,
  PRIMARY KEY (account, id),
  UNIQUE (account, endpoint)
) {strict};
CREATE INDEX subscriptions_owner ON subscriptions (account, ordinal);
CREATE INDEX subscriptions_device ON subscriptions (account, device);

-- One sending of a push campaign: how far the fan-out has come.
CREATE TABLE runs (
  account    {text}    NOT NULL,
  campaign   {bigint}  NOT NULL,
  run        {bigint}  NOT NULL,
  chunks     {bigint}  NOT NULL,
  after      {bytes} NOT NULL,
  complete   {bigint}  NOT NULL,
  started_at {bigint}  NOT NULL,
  PRIMARY KEY (account, campaign, run)
) {strict};

-- One message for one subscription. `id` is the token that the worker reports with.
CREATE TABLE sends (
  account      {text}    NOT NULL,
  campaign     {bigint}  NOT NULL,
  run          {bigint}  NOT NULL,
  subscription {bytes} NOT NULL,
  chunk        {bigint}  NOT NULL,
  id           {bytes} NOT NULL,
  ordinal      {bigint}  NOT NULL,
  state        {text}    NOT NULL,
  attempts     {bigint}  NOT NULL,
  retry_at     {bigint}  NOT NULL,
  status       {bigint},
  reason       {text}    NOT NULL,
  settled_at   {bigint},
  shown_at     {bigint},
  clicked_at   {bigint},
  dismissed_at {bigint},
  PRIMARY KEY (account, campaign, run, subscription),
  UNIQUE (account, id)
) {strict};
-- What waits only: a run of millions is asked again and again whether anything does.
CREATE INDEX sends_waiting ON sends (account, campaign, run, chunk) WHERE state = 'waiting';

-- Work to do: leased by pushing ready_at forward, done by deletion, retried by a later ready_at.
CREATE TABLE jobs (
  id       {bytes} NOT NULL PRIMARY KEY,
  ready_at {bigint}  NOT NULL,
  attempts {bigint}  NOT NULL,
  payload  {text}    NOT NULL
) {strict};
CREATE INDEX jobs_ready ON jobs (ready_at);
