// SchemaRegistry: schemas by their ids, from a registry that speaks as Confluent's does.
//
// Blocks, for the pool; one call at a time, but for interrupt(). Keeps nothing: who asks does.
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "avro/registry_answer.h"
#include "avro/schema.h"
#include "http_client/client.h"
#include "tidemill/config_spec.h"
#include "tidemill/security_options.h"

namespace tidemill::avro {

struct RegistryOptions {
  std::string url;
  AuthOptions auth;
  TlsOptions tls;
};

ConfigSpec<RegistryOptions> registry_spec();

class SchemaRegistry {
 public:
  /// Connects to nothing yet. Errors: bad_config.
  static Result<std::unique_ptr<SchemaRegistry>> make(const RegistryOptions& options);

  /// Errors: bad_event (there is no such schema, or none that we can read), unavailable (nobody
  /// answers, or something else than a registry does), cancelled.
  Result<std::shared_ptr<const Schema>> fetch(std::uint32_t id);

  /// Does it answer, and let us in? Errors: bad_config, unavailable, cancelled.
  Result<> reach();

  /// Ends a call that waits, and those to come. From any thread.
  void interrupt() { client_->interrupt(); }

 private:
  /// Schemas of one answer: what was gathered, those that are referred to first.
  struct Gathered {
    std::vector<std::string> texts;
    std::set<std::pair<std::string, std::int64_t>> seen;
  };

  SchemaRegistry(std::unique_ptr<http_client::Client> client, std::string authorization)
      : client_(std::move(client)), authorization_(std::move(authorization)) {}

  Result<http_client::Response> get(const std::string& target);
  Result<> gather(const std::string& target, Gathered& gathered);
  Error refused(const http_client::Response& answer) const;

  const std::unique_ptr<http_client::Client> client_;
  const std::string authorization_;  ///< A secret.
};

}  // namespace tidemill::avro
