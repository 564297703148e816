#include "server.h"

#include <libpq-fe.h>

#include <algorithm>
#include <array>
#include <fstream>
#include <initializer_list>
#include <map>
#include <memory>
#include <optional>
#include <string_view>

namespace tidemill::postgres {
namespace {

using Parameters = std::map<std::string, std::string>;

// What of libpq's parameters may stand in a url; the others have options of their own, or none.
constexpr std::array<std::string_view, 5> of_url{"host", "port", "dbname", "user",
                                                 "target_session_attrs"};

// Where systems keep the authorities that they believe. OpenSSL's own default is a folder, and
// libpq takes a file.
constexpr std::array<const char*, 3> authority_files{
    "/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"};
constexpr int knows_system_authorities = 160000;  // A version of libpq.

Result<Parameters> parse_url(const std::string& url) {
  if (!url.starts_with("postgres://") && !url.starts_with("postgresql://"))
    return fail(Fault::bad_config, "url: it takes postgres://USER@HOST:PORT/DATABASE");
  char* said = nullptr;
  const std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)> options(
      PQconninfoParse(url.c_str(), &said), PQconninfoFree);
  const std::unique_ptr<char, decltype(&PQfreemem)> reason(said, PQfreemem);
  // libpq's words may quote the url, and a password with it.
  if (options == nullptr) return fail(Fault::bad_config, "url: libpq cannot read it");
  Parameters parameters;
  for (const PQconninfoOption* option = options.get(); option->keyword != nullptr; ++option) {
    if (option->val == nullptr) continue;
    const std::string_view keyword = option->keyword;
    if (keyword == "password")
      return fail(Fault::bad_config,
                  "url: leave the password out of it, and give it as `password`");
    if (std::ranges::find(of_url, keyword) == of_url.end())
      return fail(Fault::bad_config,
                  "url: leave " + std::string(keyword) + " out of it; see the other options");
    parameters.emplace(keyword, option->val);
  }
  return parameters;
}

template <class Value>
Result<> set(Parameters& parameters, const char* keyword, const char* option,
             const std::optional<Value>& value) {
  if (!value) return {};
  std::string text;
  if constexpr (std::is_same_v<Value, std::string>) {
    text = *value;
  } else {
    text = std::to_string(*value);
  }
  if (text.empty()) return fail(Fault::bad_config, std::string(option) + " is empty");
  if (!parameters.emplace(keyword, text).second)
    return fail(Fault::bad_config, std::string(option) + " stands in the url too; give it once");
  return {};
}

std::string authorities() {
  if (PQlibVersion() >= knows_system_authorities) return "system";
  for (const char* path : authority_files)
    if (std::ifstream(path).good()) return path;
  return {};
}

Result<> add_tls(Parameters& parameters, const TlsOptions& tls) {
  const auto host = parameters.find("host");
  const bool local = host == parameters.end() || is_local(host->second);
  if (tls.enabled == false) {
    parameters["sslmode"] = "disable";
    return {};
  }
  if (!tls.verify) {
    parameters["sslmode"] = "require";
    // There is no such file: else libpq would check certificates by the one in the home folder.
    parameters["sslrootcert"] = "/dev/null/none";
  } else if (local && !tls.on()) {
    parameters["sslmode"] = "prefer";
    return {};
  } else {
    parameters["sslmode"] = "verify-full";
    parameters["sslrootcert"] = tls.ca ? tls.ca->value : authorities();
    if (parameters["sslrootcert"].empty())
      return fail(Fault::bad_config,
                  "there is no file with the system's certificate authorities; "
                  "name one with tls.ca");
  }
  if (tls.cert) parameters["sslcert"] = tls.cert->value;
  if (tls.key) parameters["sslkey"] = tls.key->value;
  if (tls.key_password) parameters["sslpassword"] = tls.key_password->value;
  return {};
}

std::string name_of(const Parameters& parameters) {
  const auto value = [&parameters](const char* keyword, const char* otherwise) {
    const auto found = parameters.find(keyword);
    return found == parameters.end() ? std::string(otherwise) : found->second;
  };
  return value("host", "") + ':' + value("port", "5432") + '/' +
         value("dbname", value("user", "").c_str());
}

}  // namespace

// Of several hosts, all of them.
bool is_local(const std::string& hosts) {
  constexpr std::array<std::string_view, 3> loopback{"localhost", "127.0.0.1", "::1"};
  for (std::string_view left = hosts;;) {
    const auto comma = left.find(',');
    const std::string_view host = left.substr(0, comma);
    if (!host.starts_with('/') && !host.starts_with('@') &&
        std::ranges::find(loopback, host) == loopback.end())
      return false;
    if (comma == left.npos) return true;
    left.remove_prefix(comma + 1);
  }
}

Result<Server> server_of(const SinkConfig& config) {
  Parameters parameters;
  if (config.url) {
    auto parsed = parse_url(*config.url);
    if (!parsed) return std::unexpected(parsed.error());
    parameters = std::move(*parsed);
  }
  for (const auto& done :
       {set(parameters, "host", "host", config.host), set(parameters, "port", "port", config.port),
        set(parameters, "dbname", "database", config.database),
        set(parameters, "user", "user", config.user)})
    if (!done) return std::unexpected(done.error());
  if (!parameters.contains("host"))
    return fail(Fault::bad_config, "url: it names no host; postgres://HOST/DATABASE");
  Server server{.parameters = {}, .name = name_of(parameters)};
  if (auto added = add_tls(parameters, config.tls); !added) return std::unexpected(added.error());
  if (!config.password.value.empty()) parameters["password"] = config.password.value;
  parameters["application_name"] = "tidemill";
  parameters["client_encoding"] = "UTF8";
  server.parameters.assign(parameters.begin(), parameters.end());
  return server;
}

}  // namespace tidemill::postgres
