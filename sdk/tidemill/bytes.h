// Bytes: a view of immutable bytes together with a share in whatever keeps them alive.
//
// A source can so hand over a piece of a larger buffer (a fetch response, a chunk of a file, an
// arena of many small events) without a copy: the buffer lives until its last view dies.
//
// Thread safety: as std::shared_ptr. Different copies may live on different threads.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace tidemill {

class Bytes {
 public:
  Bytes() = default;

  /// Shares `owner`, which must keep the viewed bytes alive and unchanged.
  Bytes(std::string_view view, std::shared_ptr<const void> owner)
      : view_(view), owner_(std::move(owner)) {}

  /// Takes the text over; the bytes are not copied again.
  static Bytes adopt(std::string text) {
    auto owner = std::make_shared<const std::string>(std::move(text));
    const std::string_view view = *owner;
    return Bytes(view, std::move(owner));
  }

  static Bytes copy(std::string_view text) { return adopt(std::string(text)); }

  /// For literals and other memory that outlives the process's work.
  static Bytes forever(std::string_view text) { return Bytes(text, nullptr); }

  std::string_view view() const { return view_; }
  std::size_t size() const { return view_.size(); }
  bool empty() const { return view_.empty(); }
  const std::shared_ptr<const void>& owner() const { return owner_; }

  /// A part of these bytes that shares the same owner. `part` must lie within view().
  Bytes slice(std::string_view part) const { return Bytes(part, owner_); }

 private:
  std::string_view view_;
  std::shared_ptr<const void> owner_;
};

}  // namespace tidemill
