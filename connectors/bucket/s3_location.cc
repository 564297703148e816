#include "s3_location.h"

#include <utility>

namespace tidemill::bucket {

bool S3Options::empty() const {
  return !path_style && aws.endpoint.empty() && aws.region.empty() && aws.access_key.empty() &&
         aws.secret_key.value.empty() && aws.session_token.value.empty() && aws.profile.empty() &&
         !aws.tls.enabled && !aws.tls.on();
}

ConfigSpec<S3Options> s3_spec() {
  return ConfigSpec<S3Options>("Where an s3:// bucket is, and who we are to it.")
      .include(&S3Options::aws, aws::aws_spec())
      .field("path_style", &S3Options::path_style,
             "ENDPOINT/BUCKET/KEY instead of BUCKET.ENDPOINT/KEY; default: true with an endpoint.");
}

Result<S3Location> parse_s3_url(std::string_view url) {
  constexpr std::string_view scheme = "s3://";
  constexpr std::string_view allowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
  const auto refuse = [url](std::string_view why) {
    return fail(Fault::bad_config, std::string(why) + ", got: " + std::string(url.substr(0, 200)));
  };
  if (!url.starts_with(scheme)) return refuse("url takes s3://BUCKET or s3://BUCKET/PREFIX");
  url.remove_prefix(scheme.size());
  const auto slash = url.find('/');
  S3Location location{std::string(url.substr(0, slash)), {}};
  const auto& name = location.bucket;
  if (name.size() < 3 || name.size() > 63 || name.find_first_not_of(allowed) != name.npos)
    return refuse("the name of an s3:// bucket has 3 to 63 letters, digits, '.', '_' or '-'");
  if (slash != url.npos) location.prefix = url.substr(slash + 1);
  while (location.prefix.ends_with('/')) location.prefix.pop_back();
  if (location.prefix.empty()) return location;
  if (auto sound = check_s3_key(location.prefix); !sound)
    return fail(Fault::bad_config, sound.error().message);
  location.prefix += '/';
  return location;
}

Result<> check_s3_key(std::string_view key) {
  constexpr std::size_t key_bytes_max = 1024;
  std::string_view reason;
  if (key.empty()) reason = "it is empty";
  if (key.size() > key_bytes_max) reason = "it is longer than 1024 bytes";
  if (key.find('\0') != key.npos) reason = "it has a zero byte";
  if (reason.empty()) return {};
  return fail(Fault::bad_event, "the object key cannot be one of S3, " + std::string(reason) +
                                    ": " + std::string(key.substr(0, 200)));
}

}  // namespace tidemill::bucket
