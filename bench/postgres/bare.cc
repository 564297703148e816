// bench_postgres_bare URL FILE: what one would write oneself. The lines of FILE as upserts of
// single rows: a prepared statement, sent through libpq's pipeline, a transaction for each
// thousand.
#include <libpq-fe.h>
#include <simdjson.h>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <string>
#include <string_view>

namespace {

constexpr int batch = 1000;
constexpr int columns = 4;
constexpr const char* upsert =
    "INSERT INTO bare (id, page, amount, doc) VALUES ($1, $2, $3, $4) ON CONFLICT (id) DO UPDATE "
    "SET page = EXCLUDED.page, amount = EXCLUDED.amount, doc = EXCLUDED.doc";

void require(bool holds, PGconn* connection) {
  if (holds) return;
  std::fprintf(stderr, "bench_postgres_bare: %s\n", PQerrorMessage(connection));
  std::exit(1);
}

void finish(PGconn* connection, PGresult* result) {
  require(PQresultStatus(result) == PGRES_COMMAND_OK, connection);
  PQclear(result);
}

void send(PGconn* connection, simdjson::ondemand::parser& parser, const std::string& line) {
  const simdjson::padded_string padded(line);
  simdjson::ondemand::document event = parser.iterate(padded);
  const std::string id{std::string_view(event["id"].get_string())};
  const std::string page{std::string_view(event["page"].get_string())};
  const std::string amount = std::to_string(std::int64_t(event["amount"].get_int64()));
  simdjson::ondemand::object object = event["doc"].get_object();
  const std::string doc{std::string_view(object.raw_json())};
  const std::array<const char*, columns> values{id.c_str(), page.c_str(), amount.c_str(),
                                                doc.c_str()};
  require(
      PQsendQueryPrepared(connection, "upsert", columns, values.data(), nullptr, nullptr, 0) == 1,
      connection);
}

// What is sent up to a sync is one transaction.
void end_batch(PGconn* connection, int rows) {
  require(PQpipelineSync(connection) == 1, connection);
  for (int i = 0; i < rows; ++i) {
    finish(connection, PQgetResult(connection));
    PQclear(PQgetResult(connection));
  }
  PGresult* const sync = PQgetResult(connection);
  require(PQresultStatus(sync) == PGRES_PIPELINE_SYNC, connection);
  PQclear(sync);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  PGconn* const connection = PQconnectdb(argv[1]);
  require(PQstatus(connection) == CONNECTION_OK, connection);
  finish(connection, PQprepare(connection, "upsert", upsert, columns, nullptr));
  require(PQenterPipelineMode(connection) == 1, connection);
  std::ifstream input(argv[2]);
  simdjson::ondemand::parser parser;
  int rows = 0;
  for (std::string line; std::getline(input, line);) {
    send(connection, parser, line);
    if (++rows < batch) continue;
    end_batch(connection, rows);
    rows = 0;
  }
  if (rows > 0) end_batch(connection, rows);
  PQfinish(connection);
  return 0;
}
