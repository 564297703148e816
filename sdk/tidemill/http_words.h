// What may stand in a header, and which names are this machine's own: rules that everybody needs
// who speaks HTTP, as a server or as a client. Pure.
#pragma once

#include <algorithm>
#include <string_view>

namespace tidemill {

/// RFC 9110, 5.1: letters, digits and some signs, at least one.
constexpr bool is_header_name(std::string_view name) {
  constexpr std::string_view signs = "!#$%&'*+-.^_`|~";
  return !name.empty() && std::ranges::all_of(name, [signs](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           signs.find(c) != signs.npos;
  });
}

/// No control characters but the tab: a line end would begin a header of its own, or the body.
constexpr bool is_header_value(std::string_view value) {
  return std::ranges::all_of(value, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 || c == '\t') && byte != 0x7F;
  });
}

/// Whether a Host header, or HOST:PORT, is a name of this machine to itself.
constexpr bool is_loopback_host(std::string_view host) {
  const auto name =
      host.starts_with('[') ? host.substr(0, host.find(']') + 1) : host.substr(0, host.find(':'));
  return name == "localhost" || name == "127.0.0.1" || name == "[::1]";
}

/// Whether a page that the Origin header names came from the server that the Host header names.
constexpr bool is_same_origin(std::string_view origin, std::string_view host) {
  for (const std::string_view scheme : {"http://", "https://"})
    if (origin.starts_with(scheme) && origin.substr(scheme.size()) == host) return true;
  return false;
}

}  // namespace tidemill
