#include "postgres.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "postgres_sink.h"
#include "row_reader.h"
#include "server.h"

namespace tidemill::postgres {
namespace {

constexpr double second = 1e6;

Result<std::unique_ptr<Sink>> make_sink(SinkConfig config, Services services) {
  auto server = server_of(config);
  if (!server) return std::unexpected(server.error());
  auto rules = read_rules(config, services.compile);
  if (!rules) return std::unexpected(rules.error());
  return std::make_unique<PostgresSink>(std::move(config), std::move(*server), std::move(*rules),
                                        std::move(services));
}

}  // namespace

std::vector<std::string> SinkConfig::conflict_columns() const {
  if (!key.empty() || !id_column) return key;
  return {*id_column};
}

OnConflict SinkConfig::conflict() const {
  if (on_conflict != OnConflict::by_key) return on_conflict;
  if (!key.empty()) return OnConflict::update;
  return id_column && !copy ? OnConflict::ignore : OnConflict::error;
}

ConfigSpec<SinkConfig> sink_spec() {
  return ConfigSpec<SinkConfig>("Rows of a table of PostgreSQL (12 and later).")
      .field("url", &SinkConfig::url,
             "postgres://USER@HOST:PORT/DATABASE; or the options below, one by one.")
      .field("host", &SinkConfig::host,
             "A name, an address, or the folder of the server's Unix socket.")
      .field("port", &SinkConfig::port, "Default: 5432.", in_range(1, 65535))
      .field("database", &SinkConfig::database, "Default: the user's name.")
      .field("user", &SinkConfig::user, "Who logs in.")
      .field("password", &SinkConfig::password, "The user's password.")
      .field("table", &SinkConfig::table,
             "As it is written in the catalogue; with a schema in front, as sales.orders.",
             Need::required)
      .field("columns", &SinkConfig::columns,
             "COLUMN: jq each; default: the fields of the data, which is an object, each in the "
             "column of its name.")
      .field("key", &SinkConfig::key,
             "Columns of a unique index or the primary key: a row replaces the one of its key, and "
             "a message without data removes it.")
      .field("id_column", &SinkConfig::id_column,
             "A unique column that gets the message's id: without `key`, a message that is there "
             "already is left out.")
      .choice("on_conflict", &SinkConfig::on_conflict,
              "Where the table has a row of that key: replace its columns (update), leave it "
              "(ignore), or refuse the message (error); by_key is update with `key`, ignore with "
              "`id_column` alone, else error.",
              {{"by_key", OnConflict::by_key},
               {"update", OnConflict::update},
               {"ignore", OnConflict::ignore},
               {"error", OnConflict::error}})
      .field("copy", &SinkConfig::copy,
             "Writes with COPY: for tables that are only added to, in large batches.")
      .field("timeout", &SinkConfig::timeout,
             "How long a statement may take, and the server be silent.",
             in_range(0.1 * second, 3600 * second))
      .group("tls", &SinkConfig::tls, tls_spec())
      .check("give a url or a host",
             [](const SinkConfig& c) { return c.url.has_value() || c.host.has_value(); })
      .check("table is empty", [](const SinkConfig& c) { return !c.table.empty(); })
      .check("on_conflict: update and ignore need a key or an id_column",
             [](const SinkConfig& c) {
               return c.conflict() == OnConflict::error || !c.conflict_columns().empty();
             })
      .check("copy: true goes with on_conflict: error alone; COPY knows no other, so leave out key",
             [](const SinkConfig& c) { return !c.copy || c.conflict() == OnConflict::error; })
      .check("a column stands twice in key", [](const SinkConfig& c) {
        auto sorted = c.key;
        std::ranges::sort(sorted);
        return std::ranges::adjacent_find(sorted) == sorted.end();
      });
}

void register_with(Registry& registry) {
  registry.add_sink("postgres", PostgresSink::idempotence, sink_spec(), make_sink);
}

}  // namespace tidemill::postgres
