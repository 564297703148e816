#include "frames.h"

#include <algorithm>
#include <cstring>

namespace tidemill::amqp {
namespace {

constexpr std::size_t head_bytes = 7;   // Type, channel, size.
constexpr std::size_t extra_bytes = 8;  // That, and the byte behind the payload.
constexpr char end_byte = '\xce';
// Of a method's fields: a few names and small tables.
constexpr std::size_t method_bytes_max = 16 * 1024;

template <class T>
void append_number(std::string& out, T value) {
  for (int shift = 8 * (static_cast<int>(sizeof(T)) - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(value >> shift);
}

std::uint32_t number_at(const char* bytes, std::size_t count) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

void append_head(std::string& out, std::uint8_t type, std::uint16_t channel, std::size_t size) {
  out += static_cast<char>(type);
  append_number(out, channel);
  append_number(out, static_cast<std::uint32_t>(size));
}

}  // namespace

bool append_method(std::string& out, std::uint16_t channel, amqp_method_number_t id,
                   const void* fields) {
  char room[method_bytes_max];
  const int size =
      amqp_encode_method(id, const_cast<void*>(fields), amqp_bytes_t{sizeof room, room});
  if (size < 0) return false;
  append_head(out, AMQP_FRAME_METHOD, channel, 4 + static_cast<std::size_t>(size));
  append_number(out, id);
  out.append(room, static_cast<std::size_t>(size)) += end_byte;
  return true;
}

bool append_content(std::string& out, std::uint16_t channel,
                    const amqp_basic_properties_t& properties, std::string_view body,
                    std::uint32_t frame_bytes) {
  const std::size_t before = out.size();
  const std::size_t payload_max = frame_bytes - extra_bytes;
  constexpr std::size_t fixed = 12;  // Class, weight and the size of the body.
  // Grown to what may be needed, cut to what was.
  std::size_t guess = std::min<std::size_t>(1024, payload_max - fixed);
  for (;;) {
    append_head(out, AMQP_FRAME_HEADER, channel, 0);
    append_number(out, static_cast<std::uint16_t>(AMQP_BASIC_CLASS));
    append_number(out, std::uint16_t{0});
    append_number(out, static_cast<std::uint64_t>(body.size()));
    const std::size_t begin = out.size();
    out.resize(begin + guess);
    const int size =
        amqp_encode_properties(AMQP_BASIC_CLASS, const_cast<amqp_basic_properties_t*>(&properties),
                               amqp_bytes_t{guess, out.data() + begin});
    if (size >= 0) {
      out.resize(begin + static_cast<std::size_t>(size));
      const auto payload = static_cast<std::uint32_t>(fixed + static_cast<std::size_t>(size));
      for (std::size_t i = 0; i < 4; ++i)
        out[before + 3 + i] = static_cast<char>(payload >> (24 - 8 * i));
      out += end_byte;
      break;
    }
    out.resize(before);
    if (guess == payload_max - fixed) return false;
    guess = payload_max - fixed;
  }
  for (; !body.empty(); body.remove_prefix(std::min(body.size(), payload_max))) {
    const auto piece = body.substr(0, payload_max);
    append_head(out, AMQP_FRAME_BODY, channel, piece.size());
    out.append(piece) += end_byte;
  }
  return true;
}

void append_heartbeat(std::string& out) {
  append_head(out, AMQP_FRAME_HEARTBEAT, 0, 0);
  out += end_byte;
}

std::span<char> FrameReader::room() {
  // What is left of a frame goes to the front, where all of it has room.
  if (begin_ > 0) {
    std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  return std::span(buffer_).subspan(end_);
}

std::optional<Frame> FrameReader::next() {
  if (broken_ || end_ - begin_ < head_bytes) return std::nullopt;
  const char* const head = buffer_.data() + begin_;
  const auto type = static_cast<std::uint8_t>(head[0]);
  const std::size_t size = number_at(head + 3, 4);
  const bool known = type == AMQP_FRAME_METHOD || type == AMQP_FRAME_HEADER ||
                     type == AMQP_FRAME_BODY || type == AMQP_FRAME_HEARTBEAT;
  if (!known || size > frame_max) {
    broken_ = true;
    return std::nullopt;
  }
  if (end_ - begin_ < size + extra_bytes) return std::nullopt;
  if (head[head_bytes + size] != end_byte) {
    broken_ = true;
    return std::nullopt;
  }
  begin_ += size + extra_bytes;
  return Frame{.type = type,
               .channel = static_cast<std::uint16_t>(number_at(head + 1, 2)),
               .payload = {head + head_bytes, size}};
}

}  // namespace tidemill::amqp
