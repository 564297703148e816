#include "object_store.h"

#include <utility>

#include "folder_store.h"
#include "object_key.h"
#include "s3_store.h"

namespace tidemill::bucket {

namespace {

Result<std::unique_ptr<ObjectStore>> make_s3_store(std::string_view url, const S3Options& s3,
                                                   const Services& services) {
  auto location = parse_s3_url(url);
  if (!location) return std::unexpected(location.error());
  auto bucket = S3Bucket::make(s3, *location, services);
  if (!bucket) return std::unexpected(bucket.error());
  return std::make_unique<S3Store>(std::move(*bucket), std::move(location->prefix));
}

}  // namespace

Result<std::unique_ptr<ObjectStore>> make_object_store(std::string_view url, const S3Options& s3,
                                                       const Services& services) {
  if (is_s3(url)) return make_s3_store(url, s3, services);
  // What stands behind the name of a local bucket is no part of where that lies. (Of file:PATH all
  // of it is the folder.)
  std::string prefix;
  constexpr std::string_view local = "local:";
  const auto slash = url.find('/');
  if (url.starts_with(local) && slash != url.npos) {
    prefix = url.substr(slash + 1);
    while (prefix.ends_with('/')) prefix.pop_back();
    if (auto sound = check_key(prefix); !prefix.empty() && !sound)
      return fail(Fault::bad_config, sound.error().message);
    url = url.substr(0, slash);
  }
  auto location = locate(url, services);
  if (!location) return std::unexpected(location.error());
  return std::make_unique<FolderStore>(std::move(location->root), std::move(prefix), services);
}

}  // namespace tidemill::bucket
