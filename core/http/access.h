// Access: who may come in at a door of HTTP. Pure decisions, no sockets.
//
// The Unix socket is guarded by its file mode. A TCP listener on loopback is reachable by every
// process of the machine and, through a browser, by any web page: so the Host must be a loopback
// name (or a page could rebind its own name to 127.0.0.1) and a request sent by a page must come
// from the same origin. A listener on another address always needs the token.
#pragma once

#include <optional>
#include <string_view>

#include "tidemill/http.h"

namespace tidemill {

enum class Door { unix_socket, tcp };

/// The headers that decide; empty where they were not sent.
struct Credentials {
  std::string_view host;
  std::string_view origin;
  std::string_view authorization;
};

/// Why a request is refused, as its answer; nothing when it may pass. `token` is empty where none
/// was configured.
std::optional<HttpResponse> refusal(Door door, std::string_view token, const Credentials& sent);

}  // namespace tidemill
