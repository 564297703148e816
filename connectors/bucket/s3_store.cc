#include "s3_store.h"

#include <utility>
#include <vector>

namespace tidemill::bucket {
namespace {

class S3Writer final : public ObjectWriter {
 public:
  S3Writer(S3Bucket& bucket, std::string key, std::string_view content_type)
      : bucket_(bucket), key_(std::move(key)), content_type_(content_type) {}

  ~S3Writer() override {
    if (!upload_.empty()) bucket_.abort_upload(key_, upload_);
  }

  Result<> write(std::string_view bytes) override {
    waiting_ += bytes;
    if (waiting_.size() <= S3Bucket::single_bytes_max) return {};
    return send(waiting_.size() - waiting_.size() % S3Bucket::part_bytes);
  }

  Result<> finish() override {
    if (upload_.empty()) {
      const S3Put object{key_, waiting_, content_type_, {}};
      return std::move(bucket_.put({&object, 1}).front());
    }
    if (!waiting_.empty())
      if (auto sent = send(waiting_.size()); !sent) return sent;
    auto completed = bucket_.complete_upload(key_, upload_, etags_);
    if (completed) upload_.clear();
    return completed;
  }

 private:
  // The first `bytes` of what waits: whole parts, unless they are the last. Others are refused.
  Result<> send(std::size_t bytes) {
    if (upload_.empty()) {
      auto upload = bucket_.begin_upload({key_, {}, content_type_, {}});
      if (!upload) return std::unexpected(upload.error());
      upload_ = std::move(*upload);
    }
    std::vector<std::string_view> parts;
    for (auto rest = std::string_view(waiting_).substr(0, bytes); !rest.empty();
         rest.remove_prefix(parts.back().size()))
      parts.push_back(rest.substr(0, S3Bucket::part_bytes));
    auto sent = bucket_.put_parts(key_, upload_, etags_.size() + 1, parts);
    if (!sent) return std::unexpected(sent.error());
    etags_.insert(etags_.end(), sent->begin(), sent->end());
    waiting_.erase(0, bytes);
    return {};
  }

  S3Bucket& bucket_;
  const std::string key_;
  const std::string content_type_;
  std::string waiting_;
  std::string upload_;
  std::vector<std::string> etags_;
};

}  // namespace

Result<std::unique_ptr<ObjectWriter>> S3Store::create(std::string_view key,
                                                      std::string_view content_type) {
  std::string full = prefix_ + std::string(key);
  if (auto sound = check_s3_key(full); !sound) return std::unexpected(sound.error());
  return std::make_unique<S3Writer>(*bucket_, std::move(full), content_type);
}

}  // namespace tidemill::bucket
