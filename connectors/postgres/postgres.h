// The postgres connector: rows of a table of PostgreSQL.
//
// What a user may write. See README.md for what the words promise.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tidemill/registry.h"
#include "tidemill/security_options.h"

namespace tidemill::postgres {

/// What becomes of a row whose key the table has already.
enum class OnConflict : std::uint8_t {
  by_key,  ///< Not said: update where there is a key, ignore with an id_column alone, else error.
  update,
  ignore,
  error,
};

struct SinkConfig {
  std::optional<std::string> url;
  std::optional<std::string> host;
  std::optional<std::uint16_t> port;
  std::optional<std::string> database;
  std::optional<std::string> user;
  Secret password;
  std::string table;
  Mapping columns;
  std::vector<std::string> key;
  std::optional<std::string> id_column;
  OnConflict on_conflict = OnConflict::by_key;
  bool copy = false;
  std::chrono::microseconds timeout = std::chrono::seconds(30);
  TlsOptions tls;

  /// The columns that tell one row from another; may be none.
  std::vector<std::string> conflict_columns() const;
  OnConflict conflict() const;  ///< Never by_key.
};

ConfigSpec<SinkConfig> sink_spec();

void register_with(Registry& registry);

}  // namespace tidemill::postgres
