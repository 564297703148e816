// Server: where a PostgreSQL server is and how to log in there, as libpq wants to be told.
//
// Pure; made when a pipeline is checked and when it is built.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "postgres.h"
#include "tidemill/result.h"

namespace tidemill::postgres {

struct Server {
  /// Keywords of libpq and their values; a secret is among them.
  std::vector<std::pair<std::string, std::string>> parameters;
  std::string name;  ///< "host:port/database", for people.
};

/// Errors: bad_config, with the option and what is wrong with it.
Result<Server> server_of(const SinkConfig& config);

/// Is it this very machine, so that nobody listens on the way?
bool is_local(const std::string& host);

}  // namespace tidemill::postgres
