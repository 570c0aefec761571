//! What only one engine can get wrong: the address of a server that is not there, TLS that it does not speak, a folder
//! that cannot be made, a file that is no database, a transaction that SQLite gives up.

use crate::bed::{Bed, MIGRATIONS};
use campanile::store::db::{Batch, DatabaseUrl, Db, DbError, args};
use futures_util::future::join_all;

async fn refusal(address: &str) -> DbError {
    let url: DatabaseUrl = address.parse().expect("the address itself is fine");
    Db::open(&url, MIGRATIONS).await.expect_err("it must not open")
}

#[tokio::test]
async fn a_server_that_is_not_there() {
    // Bound and dropped: nothing listens on this port now.
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let error = refusal(&format!("postgres://bell:s3cret@127.0.0.1:{port}/campanile")).await;
    assert!(matches!(error, DbError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("refused"), "{error}");
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn a_wrong_password() {
    let bed = Bed::postgres().await;
    let mut address = url::Url::parse(&bed.address()).unwrap();
    address.set_password(Some("s3cret")).unwrap();
    let error = refusal(address.as_str()).await;
    assert!(
        error.to_string().contains("password authentication failed"),
        "{error}"
    );
    assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
}

#[tokio::test]
async fn tls_that_the_server_does_not_speak() {
    let bed = Bed::postgres().await;
    let error = refusal(&format!("{}&sslmode=require", bed.address())).await;
    assert!(error.to_string().contains("TLS"), "{error}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_made() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let error = refusal(&file.path().join("data").display().to_string()).await;
    assert!(matches!(error, DbError::Unavailable { .. }), "{error}");
    assert!(error.to_string().contains("cannot make"), "{error}");
}

#[tokio::test]
async fn a_file_that_is_no_database() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("core.db"),
        "This is a note and not a database. ".repeat(400),
    )
    .unwrap();
    let error = refusal(&folder.path().display().to_string()).await;
    assert!(matches!(error, DbError::Corrupt(_)), "{error}");
}

#[tokio::test]
async fn a_transaction_that_sqlite_gives_up() {
    let bed = Bed::sqlite();
    let db = bed.open().await;
    // On a full disk SQLite ends the whole transaction of the group by itself; ROLLBACK in a batch does the same to it.
    let writes = (0..60_i64).map(|id| {
        let mut batch = Batch::new("lost");
        batch.run("-- insert\nINSERT INTO things (id) VALUES ($1)", args![id]);
        if id % 20 == 10 {
            batch.run("-- lost\nROLLBACK", args![]);
        }
        db.write(batch)
    });
    let mut kept = Vec::new();
    for (id, outcome) in (0..).zip(join_all(writes).await) {
        match outcome {
            Ok(_) => kept.push(id),
            Err(error) => assert!(
                matches!(error, DbError::Unavailable { .. } | DbError::Statement { .. }),
                "{error}"
            ),
        }
    }
    let rows = db
        .query("-- ids\nSELECT id FROM things ORDER BY id", args![])
        .await
        .unwrap();
    let there: Vec<i64> = rows.iter().map(|row| row.int(0).unwrap()).collect();
    assert_eq!(there, kept, "what was told to be kept is there, and nothing else");
    assert!(kept.len() < 60);
    let mut batch = Batch::new("after");
    batch.run("-- insert\nINSERT INTO things (id) VALUES ($1)", args![1_000]);
    db.write(batch).await.unwrap();
}
