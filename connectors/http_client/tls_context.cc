#include "tls_context.h"

#include <openssl/err.h>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
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

void name_host(SSL* ssl, const std::string& host) {
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  if (not_an_address) SSL_set_tlsext_host_name(ssl, host.c_str());
}

std::optional<Error> disbelief(SSL* ssl, const boost::system::error_code& error,
                               const std::string& server) {
  const bool refused =
      error.category() == boost::asio::error::get_ssl_category() &&
      ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_CERTIFICATE_VERIFY_FAILED;
  if (!refused) return std::nullopt;
  return Error{Fault::bad_config,
               "the certificate of " + server + " is not to be believed: " +
                   X509_verify_cert_error_string(SSL_get_verify_result(ssl)) +
                   "; tls.ca names the authorities to believe",
               {}};
}

}  // namespace tidemill::http_client
