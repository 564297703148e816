// ObjectStore: a bucket as those see it that write objects too large to have in memory.
//
// Blocking; one object at a time, on one thread after the other.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "bucket.h"
#include "tidemill/registry.h"
#include "tidemill/result.h"

namespace tidemill::bucket {

/// An object on its way. Destroyed before finish() has succeeded, it leaves nothing behind.
class ObjectWriter {
 public:
  virtual ~ObjectWriter() = default;

  /// Errors: bad_event (this key can never be written), transient.
  virtual Result<> write(std::string_view bytes) = 0;

  /// The object is there, whole and durable; one of the same key is gone. Errors: as write().
  virtual Result<> finish() = 0;
};

class ObjectStore {
 public:
  virtual ~ObjectStore() = default;

  /// See Sink::place().
  virtual std::string place() const = 0;

  /// See Source::reach().
  virtual Result<std::string> reach() = 0;

  /// Makes sure that objects can be written. Errors: bad_config, transient.
  virtual Result<> open() = 0;

  /// Errors: as ObjectWriter::write().
  virtual Result<std::unique_ptr<ObjectWriter>> create(std::string_view key,
                                                       std::string_view content_type) = 0;
};

/// The store behind a url, which may go on behind the bucket's name: `local:lake/clicks` and
/// `s3://lake/clicks` have all their objects below clicks/. Errors: bad_config.
Result<std::unique_ptr<ObjectStore>> make_object_store(std::string_view url, const S3Options& s3,
                                                       const Services& services);

}  // namespace tidemill::bucket
