#include "endpoint.h"

namespace tidemill::aws {

Result<http_client::Url> endpoint_of(const AwsOptions& options, const std::string& usual) {
  const std::string& given = options.endpoint;
  auto url = http_client::parse_url(given.empty() ? usual : given);
  if (!url) return fail(Fault::bad_config, "endpoint: " + url.error().message);
  if (!url->tls && options.tls.on())
    return fail(Fault::bad_config, "tls goes with an https:// endpoint, got: " + given);
  if (url->tls && options.tls.enabled == false)
    return fail(Fault::bad_config, "tls.enabled: false contradicts https://; write http://");
  while (url->path.ends_with('/')) url->path.pop_back();
  return url;
}

}  // namespace tidemill::aws
