#include "url.h"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>
#include <charconv>

namespace tidemill::http_client {
namespace {

std::uint16_t port_of_scheme(bool tls) { return tls ? 443 : 80; }

}  // namespace

std::string Url::authority() const {
  std::string text = host.find(':') == host.npos ? host : '[' + host + ']';
  if (port != port_of_scheme(tls)) text += ':' + std::to_string(port);
  return text;
}

std::string Url::origin() const { return (tls ? "https://" : "http://") + authority(); }

Result<Url> parse_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri({text.data(), text.size()});
  if (!parsed.has_error() && parsed.value().has_userinfo())
    return fail(Fault::bad_config,
                "a url takes no name and password; there are options for them of their own");
  const auto refuse = [text](std::string_view why) {
    std::string sentence = "it takes http://HOST:PORT or https://HOST:PORT";
    return fail(Fault::bad_config, sentence.append(why).append(", got: ").append(text));
  };
  // Something like "user:password@" may be in what is no url at all.
  if (parsed.has_error() && text.find('@') != text.npos)
    return fail(Fault::bad_config, "it takes http://HOST:PORT or https://HOST:PORT");
  if (parsed.has_error()) return refuse("");
  const boost::urls::url_view view = parsed.value();
  if (view.scheme() != "http" && view.scheme() != "https") return refuse("");
  if (view.has_query() || view.has_fragment()) return refuse(", without a query");
  Url url;
  url.tls = view.scheme() == "https";
  url.host = std::string(view.host_address());
  url.path = std::string(view.encoded_path());
  if (url.host.empty()) return refuse("");
  url.port = port_of_scheme(url.tls);
  if (const std::string port(view.port()); !port.empty()) {
    const auto end = port.data() + port.size();
    const auto read = std::from_chars(port.data(), end, url.port);
    if (read.ec != std::errc() || read.ptr != end || url.port == 0)
      return refuse(", with a port from 1 to 65535");
  }
  return url;
}

}  // namespace tidemill::http_client
