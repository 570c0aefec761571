//! What goes in comes out, in the same variant on both engines; what does not fit is refused on both.

use crate::bed::{Bed, on_both_engines};
use campanile::store::db::{Batch, Db, DbError, Rows, Value, args};

on_both_engines!(
    every_kind_comes_back,
    integers_of_every_width,
    parameters_by_number,
    aggregates_are_integers,
    text_sorts_by_bytes,
    mistakes_are_told,
    columns_say_what_they_are,
    a_query_cannot_write,
);

async fn put(db: &Db, id: i64, n: Option<i64>, word: Option<&str>, raw: Option<&[u8]>) {
    let mut batch = Batch::new("put");
    batch.run(
        "-- put\nINSERT INTO things (id, n, word, raw) VALUES ($1, $2, $3, $4)",
        args![id, n, word, raw],
    );
    db.write(batch).await.unwrap();
}

async fn one(db: &Db, sql: &'static str, args: Vec<Value>) -> Vec<Value> {
    let rows: Rows = db.query(sql, args).await.unwrap();
    assert_eq!(rows.len(), 1, "{sql}");
    (0..)
        .map_while(|column| rows[0].value(column).ok().cloned())
        .collect()
}

async fn every_kind_comes_back(bed: Bed) {
    let db = bed.open().await;
    let all_bytes: Vec<u8> = (0..=255).collect();
    put(
        &db,
        1,
        Some(i64::MIN),
        Some("campanile ö 鐘 🔔 'quoted' \"and\" $1"),
        Some(&all_bytes),
    )
    .await;
    put(&db, 2, Some(i64::MAX), Some(""), Some(b"")).await;
    put(&db, 3, None, None, None).await;

    let rows = db
        .query("-- all\nSELECT id, n, word, raw FROM things ORDER BY id", args![])
        .await
        .unwrap();
    assert_eq!(rows[0].int(1).unwrap(), i64::MIN);
    assert_eq!(rows[0].text(2).unwrap(), "campanile ö 鐘 🔔 'quoted' \"and\" $1");
    assert_eq!(rows[0].bytes(3).unwrap(), all_bytes);
    assert_eq!(rows[1].int(1).unwrap(), i64::MAX);
    assert_eq!(rows[1].opt_text(2).unwrap(), Some(""));
    assert_eq!(rows[1].opt_bytes(3).unwrap(), Some(&b""[..]));
    assert_eq!(
        (
            rows[2].opt_int(1).unwrap(),
            rows[2].opt_text(2).unwrap(),
            rows[2].opt_bytes(3).unwrap()
        ),
        (None, None, None)
    );
    let real = one(
        &db,
        "-- real\nSELECT CAST($1 AS DOUBLE PRECISION), $2",
        args![0.1, "text"],
    )
    .await;
    assert_eq!(real, [Value::Real(0.1), Value::Text("text".to_owned())]);
}

async fn integers_of_every_width(bed: Bed) {
    let db = bed.open().await;
    let sql =
        "-- widths\nSELECT 1, CAST(2 AS BIGINT), CAST($1 AS SMALLINT), 1 < 2, EXISTS (SELECT 1 FROM things)";
    let row = one(&db, sql, args![3_u8]).await;
    assert_eq!(row, [1, 2, 3, 1, 0].map(Value::Int));
}

async fn parameters_by_number(bed: Bed) {
    let db = bed.open().await;
    put(&db, 1, Some(10), Some("a"), None).await;
    let sql = "-- by_number\nSELECT CAST($3 AS TEXT), CAST($1 AS BIGINT), CAST($2 AS BIGINT), CAST($1 AS BIGINT) \
               FROM things WHERE n > $2 AND id = $1";
    let row = one(&db, sql, args![1, 9, "last"]).await;
    assert_eq!(
        row,
        [Value::from("last"), Value::Int(1), Value::Int(9), Value::Int(1)]
    );
}

async fn aggregates_are_integers(bed: Bed) {
    let db = bed.open().await;
    for id in 1..=4_i64 {
        put(&db, id, Some(i64::from(u32::MAX) * id), None, None).await;
    }
    let sql = "-- aggregates\nSELECT count(*), sum(n), max(n), coalesce(sum(n), 0), avg(id) FROM things";
    let total = i64::from(u32::MAX) * 10;
    let row = one(&db, sql, args![]).await;
    assert_eq!(
        row[..4],
        [4, total, i64::from(u32::MAX) * 4, total].map(Value::Int)
    );
    assert_eq!(row[4], Value::Real(2.5));
    let row = one(
        &db,
        "-- none\nSELECT sum(n), coalesce(sum(n), 0) FROM things WHERE id > 9",
        args![],
    )
    .await;
    assert_eq!(row, [Value::Null, Value::Int(0)]);
    let row = one(
        &db,
        "-- compared\nSELECT count(*) FROM things HAVING sum(n) = $1",
        args![total],
    )
    .await;
    assert_eq!(row, [Value::Int(4)]);
}

async fn text_sorts_by_bytes(bed: Bed) {
    let db = bed.open().await;
    for (id, word) in (1..).zip(["b", "A", "a", "Z", "ä", "", "aa"]) {
        put(&db, id, None, Some(word), None).await;
    }
    let rows = db
        .query("-- sorted\nSELECT word FROM things ORDER BY word", args![])
        .await
        .unwrap();
    let words: Vec<&str> = rows.iter().map(|row| row.text(0).unwrap()).collect();
    assert_eq!(words, ["", "A", "Z", "a", "aa", "b", "ä"]);
    let rows = db
        .query("-- like\nSELECT word FROM things WHERE word LIKE $1", args!["a%"])
        .await
        .unwrap();
    assert_eq!(rows.len(), 2, "LIKE tells capitals from small letters");
}

async fn mistakes_are_told(bed: Bed) {
    let db = bed.open().await;
    for (sql, args) in [
        (
            "-- one_too_many\nSELECT id FROM things WHERE id = $1",
            args![1, 2],
        ),
        (
            "-- one_too_few\nSELECT id FROM things WHERE id = $1 AND n = $2",
            args![1],
        ),
        (
            "-- gap\nSELECT id FROM things WHERE id = $1 AND n = $3",
            args![1, 2, 3],
        ),
        ("-- nul\nSELECT id FROM things WHERE word = $1", args!["a\0b"]),
        ("-- unknown_table\nSELECT id FROM thingummies", args![]),
        ("-- not_sql\nSELEKT", args![]),
    ] {
        let error = db.query(sql, args).await.unwrap_err();
        let name = sql[3..].lines().next().unwrap();
        assert!(
            matches!(error, DbError::Statement { statement, .. } if statement == name),
            "{name}: {error}"
        );
    }
    let mut batch = Batch::new("mistake");
    batch.run("-- fine\nINSERT INTO things (id) VALUES ($1)", args![1]);
    batch.run(
        "-- nul\nINSERT INTO things (id, word) VALUES ($1, $2)",
        args![2, "a\0b"],
    );
    batch.run("-- fine\nINSERT INTO things (id) VALUES ($1)", args![3]);
    let error = db.write(batch).await.unwrap_err();
    assert!(
        matches!(error, DbError::Statement { statement: "nul", .. }),
        "{error}"
    );
    assert_eq!(
        one(&db, "-- count\nSELECT count(*) FROM things", args![]).await,
        [Value::Int(0)]
    );
    db.health().await.unwrap();
}

async fn columns_say_what_they_are(bed: Bed) {
    let db = bed.open().await;
    put(&db, 1, None, Some("secret"), None).await;
    let rows = db
        .query("-- all\nSELECT id, n, word, raw FROM things", args![])
        .await
        .unwrap();
    let row = rows.first().unwrap();
    assert_eq!(
        row.int(2).unwrap_err().to_string(),
        "column 2 should be an integer and is text"
    );
    assert_eq!(
        row.int(1).unwrap_err().to_string(),
        "column 1 should be an integer and is null"
    );
    assert_eq!(
        row.text(0).unwrap_err().to_string(),
        "column 0 should be text and is an integer"
    );
    assert_eq!(
        row.bytes(4).unwrap_err().to_string(),
        "column 4 should be bytes and is no such column"
    );
    assert!(row.bool(0).unwrap());
}

async fn a_query_cannot_write(bed: Bed) {
    let db = bed.open().await;
    let error = db
        .query(
            "-- sneak\nINSERT INTO things (id) VALUES (1) RETURNING id",
            args![],
        )
        .await
        .unwrap_err();
    assert!(matches!(error, DbError::Statement { .. }), "{error}");
    assert_eq!(
        one(&db, "-- count\nSELECT count(*) FROM things", args![]).await,
        [Value::Int(0)]
    );
}
