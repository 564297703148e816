// The search connector: documents in an index of Elasticsearch or OpenSearch, through _bulk.
//
// What a user may write. See README.md for what the words promise.
#pragma once

#include <chrono>
#include <string>

#include "tidemill/registry.h"
#include "tidemill/security_options.h"

namespace tidemill::search {

enum class Action {
  index,   ///< A document of the same id is replaced.
  create,  ///< A document of the same id stays as it is.
};

struct SinkConfig {
  std::string url;
  std::string index;
  std::string id;  ///< jq; empty: the effect's own id.
  Action action = Action::index;
  ByteSize request_bytes{5 << 20};
  std::chrono::microseconds timeout = std::chrono::minutes(1);
  AuthOptions auth;
  Secret api_key;
  TlsOptions tls;
};

ConfigSpec<SinkConfig> sink_spec();

/// Could an index, an alias or a data stream have this name?
bool is_index_name(std::string_view name);

void register_with(Registry& registry);

}  // namespace tidemill::search
