#include "avro/schema_registry.h"

#include <chrono>

#include "json_text/json_text.h"

namespace tidemill::avro {
namespace {

using http_client::Request;
using http_client::Response;

constexpr std::uint64_t answer_bytes_max = 4u << 20;
constexpr std::size_t references_max = 100;
constexpr std::size_t location_shown_max = 200;

std::string authorization_of(const AuthOptions& auth) {
  if (auth.mechanism == AuthMechanism::none) return {};
  std::string header = "Basic ";
  append_base64(header, auth.username + ':' + auth.password.value);
  return header;
}

// A subject may have any name.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    if (plain.find(c) != plain.npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += '%';
      out += digits[byte >> 4];
      out += digits[byte & 15];
    }
  }
  return out;
}

}  // namespace

ConfigSpec<RegistryOptions> registry_spec() {
  return ConfigSpec<RegistryOptions>("Where the schemas of Avro's records are.")
      .field("url", &RegistryOptions::url,
             "http:// or https:// of a registry that speaks as Confluent's does; may have a path.")
      .group("auth", &RegistryOptions::auth, auth_spec())
      .group("tls", &RegistryOptions::tls, tls_spec())
      .check("schema_registry.auth.mechanism must be plain: HTTP knows no other here",
             [](const RegistryOptions& r) {
               return r.auth.mechanism == AuthMechanism::none ||
                      r.auth.mechanism == AuthMechanism::plain;
             });
}

Result<std::unique_ptr<SchemaRegistry>> SchemaRegistry::make(const RegistryOptions& options) {
  auto url = http_client::parse_url(options.url);
  if (!url) return fail(Fault::bad_config, "schema_registry.url: " + url.error().message);
  if (!url->tls && options.tls.on())
    return fail(Fault::bad_config,
                "schema_registry.tls goes with an https:// url, got: " + options.url);
  if (url->tls && options.tls.enabled == false)
    return fail(Fault::bad_config,
                "schema_registry.tls.enabled: false contradicts https://; write http://");
  while (url->path.ends_with('/')) url->path.pop_back();
  http_client::Client::Options how{
      .server = std::move(*url),
      .tls = options.tls,
      .timeouts = {.connect = std::chrono::seconds(5), .idle = std::chrono::seconds(10)},
      .side_by_side_max = 1};
  auto client = http_client::Client::make(std::move(how));
  if (!client) return fail(Fault::bad_config, "schema_registry: " + client.error().message);
  return std::unique_ptr<SchemaRegistry>(
      new SchemaRegistry(std::move(*client), authorization_of(options.auth)));
}

Result<Response> SchemaRegistry::get(const std::string& target) {
  Request request;
  request.target = client_->server().path + target;
  request.headers = {{"Accept", "application/vnd.schemaregistry.v1+json, application/json"}};
  if (!authorization_.empty()) request.headers.push_back({"Authorization", authorization_});
  request.answer_bytes_max = answer_bytes_max;
  auto answer = client_->send(request);
  if (answer) return answer;
  Error error = std::move(answer.error());
  error.message = client_->server().origin() + ": " + error.message;
  if (error.fault != Fault::bad_event && error.fault != Fault::cancelled)
    error.fault = Fault::unavailable;
  return std::unexpected(std::move(error));
}

Result<std::shared_ptr<const Schema>> SchemaRegistry::fetch(std::uint32_t id) {
  Gathered gathered;
  const std::string name = "schema " + std::to_string(id);
  if (auto done = gather("/schemas/ids/" + std::to_string(id), gathered); !done)
    return fail(done.error().fault, name + ": " + done.error().message);
  auto schema = Schema::parse(gathered.texts);
  if (!schema) return fail(schema.error().fault, name + ": " + schema.error().message);
  return std::make_shared<const Schema>(std::move(*schema));
}

// What is referred to comes first, and once.
Result<> SchemaRegistry::gather(const std::string& target, Gathered& gathered) {
  const auto answer = get(target);
  if (!answer) return std::unexpected(answer.error());
  if (!answer->ok()) return std::unexpected(refused(*answer));
  auto found = parse_schema_answer(answer->body);
  if (!found) return fail(found.error().fault, target + ": " + found.error().message);
  for (const SchemaReference& reference : found->references) {
    if (!gathered.seen.emplace(reference.subject, reference.version).second) continue;
    if (gathered.seen.size() > references_max)
      return fail(Fault::bad_event,
                  "it refers to more than " + std::to_string(references_max) + " others");
    const std::string where = "/subjects/" + percent_encoded(reference.subject) + "/versions/" +
                              std::to_string(reference.version);
    if (auto done = gather(where, gathered); !done) return done;
  }
  gathered.texts.push_back(std::move(found->text));
  return {};
}

// What is not there is the record's fault, if a registry says so: behind a wrong url there may be
// another server, which has nothing of what we ask for.
Error SchemaRegistry::refused(const Response& answer) const {
  const Refusal refusal = parse_refusal(answer.body);
  const bool gone = answer.status == 404 && refusal.code != 0;
  std::string message = client_->server().origin() + " answers " + std::to_string(answer.status);
  if (!refusal.message.empty()) message += ": " + refusal.message;
  const std::string_view location = answer.header("location");
  if (answer.status / 100 == 3 && !location.empty() && location.size() <= location_shown_max)
    message.append("; schema_registry.url should be where it points: ").append(location);
  if (answer.status == 401 || answer.status == 403) message += "; correct schema_registry.auth";
  if (answer.status == 404 && !gone) message += "; correct schema_registry.url";
  return {gone ? Fault::bad_event : Fault::unavailable, std::move(message), {}};
}

Result<> SchemaRegistry::reach() {
  const auto answer = get("/schemas/types");
  if (!answer) {
    const bool huge = answer.error().fault == Fault::bad_event;
    return fail(huge ? Fault::bad_config : answer.error().fault, answer.error().message);
  }
  if (answer->ok()) return {};
  Error error = refused(*answer);
  const bool later = answer->status == 429 || answer->status >= 500;
  error.fault = later ? Fault::unavailable : Fault::bad_config;
  return std::unexpected(std::move(error));
}

}  // namespace tidemill::avro
