#include "web_identity.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <pugixml.hpp>
#include <string>
#include <utility>

#include "http_client/client.h"
#include "uri.h"
#include "utc_time.h"

namespace tidemill::aws {
namespace {

using http_client::Client;
using http_client::Request;
using http_client::Response;

constexpr http_client::Timeouts patience{.connect = std::chrono::seconds(5),
                                         .idle = std::chrono::seconds(10)};
constexpr std::uint64_t answer_bytes_max = 256 * 1024;

std::string endpoint_of(const Environment& environment) {
  if (auto endpoint = environment("AWS_ENDPOINT_URL_STS")) return *endpoint;
  for (const char* name : {"AWS_REGION", "AWS_DEFAULT_REGION"})
    if (auto region = environment(name)) return "https://sts." + *region + ".amazonaws.com";
  if (auto region = profile_setting({}, "region", environment))
    return "https://sts." + *region + ".amazonaws.com";
  return "https://sts.us-east-1.amazonaws.com";
}

Result<std::string> read_token(const std::string& path) {
  std::ifstream file(path);
  std::string token{std::istreambuf_iterator<char>(file), {}};
  while (token.ends_with('\n') || token.ends_with('\r')) token.pop_back();
  if (token.empty())
    return fail(Fault::bad_config,
                "there is no token in " + path + ", which AWS_WEB_IDENTITY_TOKEN_FILE names");
  return token;
}

Result<Response> ask(const std::string& url, const std::string& body) {
  auto server = http_client::parse_url(url);
  if (!server) return fail(Fault::bad_config, "AWS_ENDPOINT_URL_STS: " + server.error().message);
  Request request{.method = "POST",
                  .target = server->path.empty() ? "/" : server->path,
                  .headers = {{"Content-Type", "application/x-www-form-urlencoded"}},
                  .body = body};
  request.answer_bytes_max = answer_bytes_max;
  auto client = Client::make({.server = std::move(*server), .tls = {}, .timeouts = patience});
  if (!client) return std::unexpected(client.error());
  return (*client)->send(request);
}

// What STS says is not repeated whole: it may quote the token.
Error refused(const std::string& url, const std::string& role, const Response& answer) {
  pugi::xml_document document;
  document.load_buffer(answer.body.data(), answer.body.size());
  const std::string code = document.child("ErrorResponse").child("Error").child_value("Code");
  const std::string said = code.empty() ? std::to_string(answer.status) : code;
  if (answer.status / 100 == 5 || answer.status == 429 || code == "IDPCommunicationError")
    return {Fault::unavailable, url + " answers " + said};
  return {Fault::bad_config, url + " does not lend us the role " + role + " (" + said +
                                 "); does its trust policy name who issued the token?"};
}

}  // namespace

Result<std::optional<Credentials>> from_web_identity(const Environment& environment) {
  const auto file = environment("AWS_WEB_IDENTITY_TOKEN_FILE");
  const auto role = environment("AWS_ROLE_ARN");
  if (!file || !role) return std::nullopt;
  auto token = read_token(*file);
  if (!token) return std::unexpected(token.error());
  const std::string url = endpoint_of(environment);
  const std::string body =
      uri_query({{"Action", "AssumeRoleWithWebIdentity"},
                 {"Version", "2011-06-15"},
                 {"RoleArn", *role},
                 {"RoleSessionName", environment("AWS_ROLE_SESSION_NAME").value_or("tidemill")},
                 {"WebIdentityToken", *token}});
  auto answer = ask(url, body);
  if (!answer) return std::unexpected(answer.error());
  if (!answer->ok()) return std::unexpected(refused(url, *role, *answer));
  auto credentials = parse_assumed_role(answer->body);
  if (!credentials) return fail(Fault::transient, url + " answers with no credentials");
  return credentials;
}

std::optional<Credentials> parse_assumed_role(std::string_view xml) {
  pugi::xml_document document;
  if (!document.load_buffer(xml.data(), xml.size())) return std::nullopt;
  const auto found = document.child("AssumeRoleWithWebIdentityResponse")
                         .child("AssumeRoleWithWebIdentityResult")
                         .child("Credentials");
  Credentials credentials{found.child_value("AccessKeyId"), found.child_value("SecretAccessKey"),
                          found.child_value("SessionToken"),
                          parse_utc(found.child_value("Expiration"))};
  if (credentials.access_key.empty() || credentials.secret_key.empty()) return std::nullopt;
  return credentials;
}

}  // namespace tidemill::aws
