#include "core/http/tls.h"

namespace tidemill {

Result<std::shared_ptr<boost::asio::ssl::context>> tls_context(const HttpTls& tls) {
  using boost::asio::ssl::context;
  auto made = std::make_shared<context>(context::tls_server);
  boost::system::error_code error;
  made->set_options(context::default_workarounds | context::no_sslv2 | context::no_sslv3 |
                        context::no_tlsv1 | context::no_tlsv1_1,
                    error);
  if (!error) made->use_certificate_chain_file(tls.certificate, error);
  if (error)
    return fail(Fault::bad_config,
                "cannot read the certificate " + tls.certificate + ": " + error.message());
  made->use_private_key_file(tls.key, context::pem, error);
  if (error)
    return fail(Fault::bad_config,
                "cannot read the key " + tls.key +
                    ", or it is not that of the certificate: " + error.message());
  return made;
}

}  // namespace tidemill
