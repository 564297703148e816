#include "tls_context.h"

#include <string>
#include <string_view>

namespace tidemill::http_client {
namespace {

namespace ssl = boost::asio::ssl;

Result<> loaded(std::string_view option, const FilePath& file,
                const boost::system::error_code& error) {
  if (!error) return {};
  return fail(Fault::bad_config, "cannot use the file of tls." + std::string(option) + ", " +
                                     file.value + ": " + error.message());
}

Result<> load(ssl::context& context, const TlsOptions& options) {
  boost::system::error_code error;
  if (options.ca) {
    context.load_verify_file(options.ca->value, error);
    if (auto ok = loaded("ca", *options.ca, error); !ok) return ok;
  } else {
    context.set_default_verify_paths(error);
    if (error)
      return fail(Fault::bad_config,
                  "cannot read the system's certificate authorities: " + error.message());
  }
  if (!options.cert || !options.key) return {};
  context.use_certificate_chain_file(options.cert->value, error);
  if (auto ok = loaded("cert", *options.cert, error); !ok) return ok;
  const std::string password = options.key_password ? options.key_password->value : "";
  auto tell = [password](std::size_t, ssl::context::password_purpose) { return password; };
  context.set_password_callback(tell, error);
  if (!error) context.use_private_key_file(options.key->value, ssl::context::pem, error);
  return loaded("key", *options.key, error);
}

}  // namespace

Result<std::shared_ptr<ssl::context>> make_tls_context(const TlsOptions& options) {
  auto context = std::make_shared<ssl::context>(ssl::context::tls_client);
  boost::system::error_code ignored;  // Versions that the library does not have are none to refuse.
  context->set_options(ssl::context::default_workarounds | ssl::context::no_sslv2 |
                           ssl::context::no_sslv3 | ssl::context::no_tlsv1 |
                           ssl::context::no_tlsv1_1,
                       ignored);
  context->set_verify_mode(options.verify ? ssl::verify_peer : ssl::verify_none, ignored);
  if (auto ok = load(*context, options); !ok) return std::unexpected(ok.error());
  return context;
}

}  // namespace tidemill::http_client
