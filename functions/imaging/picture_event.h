// PictureEvent: what the image functions need to know of an event about an object.
//
// A bucket's event names the object in its subject and describes it in S3's shape; the bytes are
// asked for. An event that carries a picture itself (content type image/*) works as well.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "imaging/format.h"
#include "tidemill/function.h"

namespace tidemill::imaging {

class PictureEvent {
 public:
  /// Valid as long as the event is.
  explicit PictureEvent(const EventView& event);

  /// The object's key: the subject, or the event's key where there is none.
  std::string_view key() const { return key_; }
  bool removed() const { return removed_; }
  /// As the source tells it; empty when it does not.
  const std::string& etag() const { return etag_; }
  /// Whether the object carries this user metadata, as far as the source tells.
  bool has_metadata(std::string_view name) const;

  /// The encoded picture, valid until release() or the end of the invocation.
  ///
  /// Errors: transient; bad_event when the object is gone or larger than `bytes_max`.
  Result<Bytes> read(std::uint64_t bytes_max) const;

  /// Gives the bytes back, so that a batch of photos need not be in memory at once.
  void release() const;

 private:
  bool carries_picture() const;

  EventView event_;
  std::string_view key_;
  bool removed_;
  std::string etag_;
  std::vector<std::string> metadata_;  // Names only.
};

/// The reason as a dead letter shows it: the key first, so that a list of them can be read.
Error about(const PictureEvent& picture, const Error& error);

}  // namespace tidemill::imaging
