// S3Bucket: a bucket of an S3 server, as requests and what their answers mean.
//
// Blocking, on the pool; thread-safe. Everything that may pass has been tried for some seconds when
// it fails, but for probe() and list(), which the engine repeats and speaks of. What says something
// of the server alone is `unavailable`. What an answer means depends on when it comes: while we
// connect, a refusal is for a person to mend (bad_config); later, keys may just be changing, so the
// engine goes on trying (transient).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "aws/signed_client.h"
#include "s3_answer.h"
#include "s3_fault.h"
#include "s3_location.h"
#include "tidemill/bytes.h"
#include "tidemill/event.h"
#include "tidemill/registry.h"

namespace tidemill::bucket {

/// One object to be written. Views live until it is.
struct S3Put {
  std::string key;
  std::string_view body;
  std::string_view content_type;  ///< Empty: by the key's ending.
  std::span<const Attribute> metadata;
};

class S3Bucket {
 public:
  /// Connects to nothing yet. Errors: bad_config.
  static Result<std::unique_ptr<S3Bucket>> make(const S3Options& options,
                                                const S3Location& location,
                                                const Services& services,
                                                const aws::RetryOptions& retry = {});

  /// Is there such a bucket, and may we use it? Errors: bad_config, transient, unavailable.
  Result<> probe();
  /// The same as what Sink::reach() answers.
  Result<std::string> reach();

  /// Objects whose keys begin with `prefix`, in the order of keys: 1000 at most. Errors:
  /// bad_config, transient, unavailable, cancelled.
  Result<S3Page> list(std::string_view prefix, const std::string& token);

  /// These objects as a listing has them, side by side; nothing for one that is not there. Errors:
  /// as list().
  Result<std::vector<std::optional<S3Listed>>> look(std::span<const std::string> keys);

  /// The object, whole: its first part and then the others side by side. Errors: transient,
  /// unavailable, bad_event (it is gone, or larger than `bytes_max`), cancelled.
  Result<Bytes> read(std::string_view key, std::uint64_t bytes_max);

  /// Several objects side by side, each in one request: nothing for one that is to be read by
  /// itself, since it is larger than a part or there is something about it. Errors: unavailable.
  std::vector<std::optional<Result<Bytes>>> read_small(std::span<const std::string> keys);

  /// Writes and removes side by side; one result for each. Large ones go in parts. Errors:
  /// transient, unavailable, bad_event, cancelled.
  std::vector<Result<>> put(std::span<const S3Put> objects);
  std::vector<Result<>> remove(std::span<const std::string> keys);

  /// An upload in parts, which becomes an object when it is completed. Errors: as put().
  Result<std::string> begin_upload(const S3Put& object);
  /// Parts numbered from `first` (1 and up) side by side; the ETag of each.
  Result<std::vector<std::string>> put_parts(const std::string& key, const std::string& upload,
                                             std::size_t first,
                                             std::span<const std::string_view> parts);
  Result<> complete_upload(const std::string& key, const std::string& upload,
                           const std::vector<std::string>& etags);
  void abort_upload(const std::string& key, const std::string& upload);

  /// "s3:HOST:PORT/BUCKET/", which keys follow; see Sink::place().
  const std::string& place() const { return place_; }

  /// Ends what waits, for good; from any thread.
  void interrupt() { client_->interrupt(); }

  /// Parts have this size, but for the last; what has at most two of them goes in one request.
  static constexpr std::size_t part_bytes = 8u << 20;
  static constexpr std::size_t single_bytes_max = 2 * part_bytes;

 private:
  using Request = http_client::Request;
  using Response = http_client::Response;
  using Query = std::vector<std::pair<std::string, std::string>>;

  S3Bucket(const std::string& name, std::unique_ptr<aws::SignedClient> client, std::string base,
           std::string place);

  std::string target(std::string_view key, Query query = {}) const;
  Result<S3Page> page_of(const Result<Response>& answer) const;
  Request first_part(std::string_view key) const;
  Result<Request> put_request(const S3Put& object, std::string method, Query query) const;
  Result<> put_in_parts(const S3Put& object);
  Result<Bytes> read_rest(std::string_view key, const Response& first, std::uint64_t size);

  const std::unique_ptr<aws::SignedClient> client_;
  const S3Server server_;
  const std::string base_;  ///< What targets begin with: "", "/BUCKET", "/PATH/BUCKET".
  const std::string place_;
};

}  // namespace tidemill::bucket
