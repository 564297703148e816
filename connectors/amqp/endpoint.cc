#include "endpoint.h"

#include <charconv>

namespace tidemill::amqp {
namespace {

constexpr std::uint16_t plain_port = 5672;
constexpr std::uint16_t tls_port = 5671;

// An address with a login in it is not repeated: what stands in errors is seen by many.
std::unexpected<Error> refuse(std::string_view text) {
  if (text.find('@') != text.npos)
    return fail(Fault::bad_config,
                "hosts takes HOST:PORT; a login goes into auth: { username, password }");
  return fail(Fault::bad_config, "hosts takes HOST:PORT, got: " + std::string(text));
}

}  // namespace

std::string Endpoint::text() const {
  const bool bracketed = host.find(':') != host.npos;
  return (bracketed ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<Endpoint> parse_endpoint(std::string_view text, bool tls) {
  Endpoint endpoint{.host = {}, .port = tls ? tls_port : plain_port};
  std::string_view rest = text;
  if (rest.starts_with('[')) {
    const auto end = rest.find(']');
    if (end == rest.npos) return refuse(text);
    endpoint.host = rest.substr(1, end - 1);
    rest.remove_prefix(end + 1);
  } else {
    endpoint.host = rest.substr(0, rest.find(':'));
    rest.remove_prefix(endpoint.host.size());
  }
  if (endpoint.host.empty() || endpoint.host.find_first_of("/@ \t") != endpoint.host.npos)
    return refuse(text);
  if (rest.empty()) return endpoint;
  if (rest.front() != ':') return refuse(text);
  rest.remove_prefix(1);
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), endpoint.port);
  if (error != std::errc() || end != rest.data() + rest.size() || endpoint.port == 0)
    return refuse(text);
  return endpoint;
}

}  // namespace tidemill::amqp
