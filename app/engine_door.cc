#include "app/engine_door.h"

#include <boost/url/parse.hpp>
#include <filesystem>
#include <utility>

#include "app/session.h"
#include "core/admin/token_file.h"

namespace tidemill::app {
namespace {

constexpr std::uint16_t default_port = 8787;

Result<AdminAddress> address_of(const EngineDoor& door) {
  AdminAddress address;
  const auto url = boost::urls::parse_uri(door.url);
  const bool good = url && url->scheme() == "http" && !url->host().empty() &&
                    (url->path().empty() || url->path() == "/") && !url->has_query();
  if (!good)
    return fail(Fault::bad_config,
                "--engine: expected an address such as http://127.0.0.1:8787; "
                "got '" +
                    door.url + "'");
  address.host = url->host_address();
  address.port = url->has_port() ? url->port_number() : default_port;
  if (!door.token_path.empty()) {
    auto token = read_token_file(door.token_path);
    if (!token) return std::unexpected(token.error());
    address.token = std::move(*token);
  }
  return address;
}

}  // namespace

void EngineDoor::add_to(CLI::App& command) {
  auto* const folder =
      command.add_option("--data", data, "Data folder of the engine")->capture_default_str();
  auto* const remote =
      command.add_option("--engine", url, "Its admin API instead, as http://HOST:PORT");
  command.add_option("--engine-token-file", token_path, "File with the token of that")
      ->needs(remote);
  remote->excludes(folder);
}

Result<AdminClient> EngineDoor::open(Duration answer_max) const {
  if (!url.empty()) {
    auto address = address_of(*this);
    if (!address) return std::unexpected(address.error());
    return AdminClient(std::move(*address), answer_max);
  }
  const std::string folder = absolute(data);
  const std::string socket = folder + "/admin.sock";
  if (!std::filesystem::exists(socket))
    return fail(Fault::transient, "no engine runs on the data folder " + folder +
                                      "; start one with `tidemill run`, or name another folder "
                                      "with --data");
  AdminClient client(socket, answer_max);
  if (const auto alive = client.request("GET", "/healthz"); !alive)
    return std::unexpected(alive.error());
  return client;
}

}  // namespace tidemill::app
