#include "core/admin/token_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <string_view>
#include <utility>

#include "tidemill/posix.h"

namespace tidemill {

Result<std::string> read_token_file(const std::string& path) {
  std::ifstream file(path);
  std::string token{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  if (!file) return fail(Fault::bad_config, "cannot read the token file " + path);
  constexpr std::string_view blank = " \t\r\n";
  const auto first = token.find_first_not_of(blank);
  if (first == std::string::npos)
    return fail(Fault::bad_config, "the token file " + path + " is empty");
  return token.substr(first, token.find_last_not_of(blank) - first + 1);
}

Result<Token> read_or_make_token_file(const std::string& path) {
  constexpr auto flags = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC;
  const Descriptor file(::open(path.c_str(), flags, S_IRUSR | S_IWUSR));
  if (!file && errno != EEXIST)
    return fail_errno(Fault::bad_config, "cannot make the token file " + path);
  if (file) {
    std::array<unsigned char, 32> random{};
    if (::getentropy(random.data(), random.size()) != 0)
      return fail_errno(Fault::bad_config, "cannot make a random token for " + path);
    const std::string line = fmt::format("{:02x}\n", fmt::join(random, ""));
    if (::write(file.get(), line.data(), line.size()) != static_cast<ssize_t>(line.size()))
      return fail_errno(Fault::bad_config, "cannot write the token file " + path);
  }
  auto text = read_token_file(path);
  if (!text) return std::unexpected(text.error());
  return Token{std::move(*text), static_cast<bool>(file)};
}

}  // namespace tidemill
