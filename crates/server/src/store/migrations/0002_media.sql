-- Pictures that owners uploaded, as they were drawn anew. The pictures stand last: a list reads rows up to their column and no further.

CREATE TABLE media (
  account     {text}   NOT NULL,
  hash        {text}   NOT NULL,
  type        {text}   NOT NULL,
  width       {bigint} NOT NULL,
  height      {bigint} NOT NULL,
  small_width {bigint},
  name        {text}   NOT NULL,
  created_at  {bigint} NOT NULL,
  large       {bytes}  NOT NULL,
  small       {bytes},
  PRIMARY KEY (account, hash)
) {strict};
CREATE INDEX media_newest ON media (account, created_at, hash);
