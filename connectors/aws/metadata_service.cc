#include "metadata_service.h"

#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <chrono>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <utility>

#include "http_client/client.h"
#include "utc_time.h"

namespace tidemill::aws {
namespace {

using http_client::Client;
using http_client::Request;

// Where there is no such service, packets are often just lost.
constexpr http_client::Timeouts patience{.connect = std::chrono::seconds(1),
                                         .idle = std::chrono::seconds(5)};
constexpr std::uint64_t answer_bytes_max = 64 * 1024;

Result<std::string> ask(const std::string& url, const std::string& method,
                        std::vector<http_client::Header> headers) {
  auto server = http_client::parse_url(url);
  if (!server) return std::unexpected(server.error());
  const std::string path = server->path;
  auto client = Client::make({.server = std::move(*server), .tls = {}, .timeouts = patience});
  if (!client) return std::unexpected(client.error());
  Request request{.method = method, .target = path, .headers = std::move(headers)};
  request.answer_bytes_max = answer_bytes_max;
  auto answer = (*client)->send(request);
  if (!answer) return std::unexpected(answer.error());
  if (!answer->ok())
    return fail(Fault::transient,
                "there are no credentials at " + url + ": " + std::to_string(answer->status));
  return std::move(answer->body);
}

// Plain http gives secrets to whoever listens: only to this machine and to the addresses of ECS and
// EKS, as all SDKs do it.
bool may_be_asked(std::string_view url) {
  if (url.starts_with("https://")) return true;
  const auto server = http_client::parse_url(url);
  if (!server) return false;
  const auto& host = server->host;
  return host == "localhost" || host.starts_with("127.") || host == "::1" ||
         host == "169.254.170.2" || host == "169.254.170.23" || host == "fd00:ec2::23";
}

Result<std::optional<Credentials>> of_container(const Environment& environment) {
  std::string url;
  if (const auto relative = environment("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI")) {
    url = "http://169.254.170.2" + *relative;
  } else if (const auto full = environment("AWS_CONTAINER_CREDENTIALS_FULL_URI")) {
    url = *full;
  } else {
    return std::nullopt;
  }
  if (!may_be_asked(url))
    return fail(Fault::bad_config,
                "AWS_CONTAINER_CREDENTIALS_FULL_URI has to be https, or of this machine");
  std::vector<http_client::Header> headers;
  auto token = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN");
  if (const auto path = environment("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")) {
    std::ifstream file(*path);
    token = std::string(std::istreambuf_iterator<char>(file), {});
    while (token->ends_with('\n')) token->pop_back();
  }
  if (token) headers.push_back({"Authorization", *token});
  auto answer = ask(url, "GET", std::move(headers));
  if (!answer) return std::unexpected(answer.error());
  auto credentials = parse_credentials(*answer);
  if (!credentials) return std::unexpected(credentials.error());
  return std::move(*credentials);
}

Result<std::optional<Credentials>> of_instance(const Environment& environment) {
  if (environment("AWS_EC2_METADATA_DISABLED") == "true") return std::nullopt;
  const std::string endpoint =
      environment("AWS_EC2_METADATA_SERVICE_ENDPOINT").value_or("http://169.254.169.254");
  const auto token =
      ask(endpoint + "/latest/api/token", "PUT", {{"X-aws-ec2-metadata-token-ttl-seconds", "300"}});
  if (!token) return std::nullopt;  // No instance of EC2.
  const auto get = [&](const std::string& path) {
    return ask(endpoint + path, "GET", {{"X-aws-ec2-metadata-token", *token}});
  };
  const std::string roles = "/latest/meta-data/iam/security-credentials/";
  const auto role = get(roles);
  if (!role) return std::nullopt;  // An instance without a role.
  auto answer = get(roles + role->substr(0, role->find('\n')));
  if (!answer) return std::unexpected(answer.error());
  auto credentials = parse_credentials(*answer);
  if (!credentials) return std::unexpected(credentials.error());
  return std::move(*credentials);
}

}  // namespace

Result<std::optional<Credentials>> from_metadata_services(const Environment& environment) {
  auto found = of_container(environment);
  if (!found || *found) return found;
  return of_instance(environment);
}

Result<Credentials> parse_credentials(std::string_view json) {
  boost::system::error_code error;
  const auto value = boost::json::parse({json.data(), json.size()}, error);
  const auto* object = error ? nullptr : value.if_object();
  const auto text = [object](std::string_view name) -> std::string {
    const auto* member = object->if_contains({name.data(), name.size()});
    const auto* found = member == nullptr ? nullptr : member->if_string();
    return found == nullptr ? std::string() : std::string(found->data(), found->size());
  };
  if (object == nullptr || text("AccessKeyId").empty() || text("SecretAccessKey").empty())
    return fail(Fault::transient, "the service of credentials answers with none");
  return Credentials{text("AccessKeyId"), text("SecretAccessKey"), text("Token"),
                     parse_utc(text("Expiration"))};
}

}  // namespace tidemill::aws
