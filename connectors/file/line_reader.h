// LineReader: cuts a growing file into lines without copying them.
//
// Reads chunks of 256 KiB; a line is a slice of its chunk, and the chunk lives as long as one of
// its lines. Only the beginning of a line that a chunk cuts off is copied, to the front of the next
// chunk. read_more() blocks (on the pool); next() only looks at memory. One thread at a time.
//
// Offsets: (generation << 48) | byte. The generation counts how often the file began anew (it
// shrank, or another file took its name), so that offsets never go back. The first generation is
// 0: there an offset is the byte at which a line begins.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "tidemill/bytes.h"
#include "tidemill/log.h"
#include "tidemill/posix.h"
#include "tidemill/result.h"

namespace tidemill::file {

struct Line {
  std::string_view text;  ///< Without its line end; of an oversized line only the beginning.
  std::uint64_t offset = 0;
  std::uint64_t offset_next = 0;
  std::uint64_t oversized = 0;  ///< Length of the whole line if it is over line_max, else 0.
};

class LineReader {
 public:
  static constexpr std::size_t chunk_bytes = 256 * 1024;
  static constexpr std::size_t oversized_prefix_bytes = 1024;

  enum class Fill {
    some,     ///< There are new bytes.
    nothing,  ///< At the end of the file, for now.
    missing,  ///< There is no such file, for now.
  };

  /// `name` lives as long as any line does: see name(). `log` must outlive this.
  LineReader(std::string path, std::string name, std::uint64_t line_max, Log& log)
      : path_(std::move(path)),
        name_(std::make_shared<const std::string>(std::move(name))),
        line_max_(line_max),
        log_(log) {}

  /// Continues at an offset that a line had as offset_next; 0 is the beginning.
  void seek(std::uint64_t offset);

  /// Reads on, and begins anew when the file did. Invalidates no line.
  ///
  /// Errors: bad_config (a folder, no permission), transient.
  Result<Fill> read_more();

  /// The next whole line of what was read; empty lines are skipped. peek() gives the same line
  /// again until take() moves behind it.
  std::optional<Line> peek();
  void take();

  /// Counts what follows the last line end as a line: the file is taken to be complete.
  void end_of_file() { complete_ = true; }

  const std::string& name() const { return *name_; }

  /// Keeps the bytes of lines alive, and name().
  const std::shared_ptr<const void>& owner() const { return owner_; }

 private:
  Result<Fill> open_file();
  Result<bool> began_anew();
  void start_generation(std::string_view why);
  void make_room();
  void let_go_of_oversized();
  std::optional<Line> line_up_to(std::size_t end, std::size_t next);

  struct Owner {
    std::shared_ptr<const char[]> chunk;
    std::shared_ptr<const std::string> name;
  };

  std::string path_;
  std::shared_ptr<const std::string> name_;
  std::uint64_t line_max_;
  Log& log_;
  Descriptor file_;
  std::uint64_t generation_ = 0;
  std::uint64_t read_to_ = 0;  ///< Byte of the file after the last one in the chunk.
  bool complete_ = false;      ///< What follows the last line end is a line.
  bool said_missing_ = false;

  // The chunk: bytes [begin_, end_) are not consumed; [begin_, scanned_) have no line end.
  std::shared_ptr<char[]> chunk_;
  std::shared_ptr<const void> owner_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0;
  std::size_t scanned_ = 0;
  std::size_t end_ = 0;
  std::size_t line_end_ = 0;   ///< In the chunk, behind the peeked line and its line end.
  std::uint64_t dropped_ = 0;  ///< Bytes of an oversized line that were let go.
};

}  // namespace tidemill::file
