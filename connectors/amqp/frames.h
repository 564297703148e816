// Frames of AMQP 0-9-1: written behind one another into text that is sent at once, and cut out of
// what came. What stands in a method is written and read by librabbitmq.
//
// One thread at a time; no I/O.
#pragma once

#include <amqp.h>
#include <amqp_framing.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tidemill::amqp {

/// The largest frame that either side may send; a broker may ask for smaller ones.
inline constexpr std::uint32_t frame_max = 131072;

inline amqp_bytes_t bytes_of(std::string_view text) {
  return {text.size(), const_cast<char*>(text.data())};
}
inline std::string_view text_of(const amqp_bytes_t& bytes) {
  return bytes.len == 0 ? std::string_view()
                        : std::string_view(static_cast<const char*>(bytes.bytes), bytes.len);
}

/// False, and nothing appended: a name in it is longer than the protocol allows.
bool append_method(std::string& out, std::uint16_t channel, amqp_method_number_t id,
                   const void* fields);

/// The header and the body of a message, in frames of at most `frame_bytes`. False, and nothing
/// appended: the properties do not fit into one.
bool append_content(std::string& out, std::uint16_t channel,
                    const amqp_basic_properties_t& properties, std::string_view body,
                    std::uint32_t frame_bytes);

void append_heartbeat(std::string& out);

struct Frame {
  std::uint8_t type = 0;
  std::uint16_t channel = 0;
  std::string_view payload;
};

/// What came, until it is whole frames. A view of a frame lives until the next call.
class FrameReader {
 public:
  FrameReader() : buffer_(2 * (frame_max + 8)) {}

  /// Where to put what comes next; then filled() says how much it was.
  std::span<char> room();
  void filled(std::size_t bytes) { end_ += bytes; }

  /// The next whole frame; none for now.
  std::optional<Frame> next();

  /// What came is no frame, or larger than one may be.
  bool broken() const { return broken_; }

 private:
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;
  bool broken_ = false;
};

/// librabbitmq's memory for what it reads.
class Pool {
 public:
  Pool() { init_amqp_pool(&pool_, 4096); }
  ~Pool() { empty_amqp_pool(&pool_); }
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// The fields of a method, which live until the next call; null: they are not what they should
  /// be. Their texts point into `arguments`.
  template <class Fields>
  const Fields* read(amqp_method_number_t id, std::string_view arguments) {
    recycle_amqp_pool(&pool_);
    void* fields = nullptr;
    if (amqp_decode_method(id, &pool_, bytes_of(arguments), &fields) < 0) return nullptr;
    return static_cast<const Fields*>(fields);
  }

 private:
  amqp_pool_t pool_;
};

}  // namespace tidemill::amqp
