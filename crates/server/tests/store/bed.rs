//! A fresh store for each test: a temporary folder, or a schema of its own on the PostgreSQL that the environment
//! names. It is removed when the test ends, however it ends.

use campanile::store::db::{DatabaseUrl, Db};
use campanile::store::migrate::Migrations;
use tempfile::TempDir;

/// Tables of the tests.
pub(crate) const MIGRATIONS: Migrations = Migrations {
    core: &[
        (
            1,
            "things",
            "CREATE TABLE things (id {bigint} NOT NULL PRIMARY KEY, n {bigint}, word {text}, raw {bytes}) {strict};
             CREATE TABLE taken (id {bytes} NOT NULL PRIMARY KEY) {keyed};
             CREATE TABLE counts (name {text} NOT NULL PRIMARY KEY, n {bigint} NOT NULL) {keyed};",
        ),
        (
            2,
            "jobs",
            "CREATE TABLE jobs (id {bigint} NOT NULL PRIMARY KEY, ready_at {bigint} NOT NULL) {strict};
             CREATE INDEX jobs_ready ON jobs (ready_at);",
        ),
    ],
    events: &[(
        1,
        "events",
        "CREATE TABLE events (period {bigint} NOT NULL, id {bytes} NOT NULL, at {bigint} NOT NULL, name {text} NOT NULL,
         PRIMARY KEY (period, id)) {partitioned};
         CREATE INDEX events_at ON events (at);",
    )],
};

enum Ground {
    Folder(TempDir),
    Schema { server: String, name: String },
}

pub(crate) struct Bed {
    ground: Ground,
}

impl Bed {
    pub(crate) fn sqlite() -> Bed {
        Bed {
            ground: Ground::Folder(tempfile::tempdir().expect("a temporary folder")),
        }
    }

    pub(crate) async fn postgres() -> Bed {
        let server = std::env::var("CAMPANILE_TEST_POSTGRES").expect(
            "CAMPANILE_TEST_POSTGRES is not set: it is the URL of a PostgreSQL where tests may make schemas; \
             run `export CAMPANILE_TEST_POSTGRES=\"$(.ci/postgres start)\"`",
        );
        let name = format!("waist_{:016x}", u64::from_be_bytes(campanile::clock::random()));
        execute(&server, &format!("CREATE SCHEMA {name}")).await;
        Bed {
            ground: Ground::Schema { server, name },
        }
    }

    pub(crate) fn address(&self) -> String {
        match &self.ground {
            Ground::Folder(folder) => format!("sqlite:{}", folder.path().join("data").display()),
            Ground::Schema { server, name } => {
                let joint = if server.contains('?') { '&' } else { '?' };
                // Deadlocks are looked for after 10 ms, not after a second.
                format!("{server}{joint}options=-csearch_path%3D{name}%20-cdeadlock_timeout%3D10ms")
            }
        }
    }

    pub(crate) fn url(&self) -> DatabaseUrl {
        self.address().parse().expect("the address of a test is valid")
    }

    pub(crate) fn is_sqlite(&self) -> bool {
        matches!(self.ground, Ground::Folder(_))
    }

    pub(crate) async fn open(&self) -> Db {
        self.open_with(MIGRATIONS).await
    }

    pub(crate) async fn open_with(&self, migrations: Migrations) -> Db {
        Db::open(&self.url(), migrations).await.expect("the store opens")
    }
}

impl Drop for Bed {
    fn drop(&mut self) {
        let Ground::Schema { server, name } = &self.ground else {
            return;
        };
        let (server, name) = (server.clone(), name.clone());
        // A thread of its own: this may run inside the test's runtime, or while that unwinds.
        let cleaning = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(execute(&server, &format!("DROP SCHEMA {name} CASCADE")));
        });
        let cleaned = cleaning.join();
        assert!(
            cleaned.is_ok() || std::thread::panicking(),
            "the schema of the test was not dropped"
        );
    }
}

async fn execute(server: &str, sql: &str) {
    let (client, connection) = tokio_postgres::connect(server, tokio_postgres::NoTls)
        .await
        .expect("CAMPANILE_TEST_POSTGRES answers");
    let connection = tokio::spawn(connection);
    client
        .batch_execute(sql)
        .await
        .expect("the test may make and drop schemas");
    drop(client);
    connection
        .await
        .expect("the connection ends")
        .expect("the connection ends well");
}

/// Instantiates tests, `async fn name(bed: Bed)`, for both engines.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(crate::bed::Bed::sqlite()).await;
                }
            )*
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $name() {
                    super::$name(crate::bed::Bed::postgres().await).await;
                }
            )*
        }
    };
}
pub(crate) use on_both_engines;
