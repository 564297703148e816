// TemplatePayload: text with placeholders, which each event fills in anew:
//
//     {"id":"{{uuid}}","user":"{{choice ann bob}}","price":{{random 0.99 99.99}}}
//
// What a placeholder writes goes in as it is: quotes around it are the template's. Each has dice of
// its own for each event. A value; any thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "payload.h"
#include "tidemill/result.h"

namespace tidemill::template_text {

class TemplatePayload final : public Payload {
 public:
  struct Terms {
    std::uint64_t seed = 1;
    std::uint32_t keys = 100;      ///< {{key}} is one of so many.
    std::uint64_t start_us = 0;    ///< {{time}} of event 0, since the Unix epoch ...
    std::uint64_t step_us = 1000;  ///< ... and how much later each next one is.
  };

  /// Errors: bad_config, naming the placeholder that is wrong.
  static Result<std::unique_ptr<TemplatePayload>> parse(std::string_view text, const Terms& terms);

  std::size_t bytes_max() const override { return bytes_max_; }
  Written write(std::uint64_t index, char* to) const override;

 private:
  enum class Kind { text, index, key, uuid, choice, random, letters, time, time_number };

  struct Piece {
    Kind kind = Kind::text;
    std::string text;                ///< Kind::text.
    std::vector<std::string> words;  ///< choice.
    std::int64_t low = 0;            ///< random, times 10^decimals.
    std::uint64_t span = 0;          ///< random: how many numbers there are, less one.
    std::uint32_t decimals = 0;      ///< random.
    std::uint64_t count = 0;         ///< letters: how many; time_number: microseconds of its unit.
  };

  explicit TemplatePayload(const Terms& terms) : terms_(terms) {}
  Result<Piece> placeholder(std::string_view inside) const;
  static std::size_t bytes_max_of(const Piece& piece);
  char* write(const Piece& piece, std::uint64_t index, std::uint64_t dice, char* to) const;

  Terms terms_;
  std::vector<Piece> pieces_;
  std::size_t bytes_max_ = 0;
};

}  // namespace tidemill::template_text
