#include "app/screen.h"

#include <fmt/core.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string_view>

namespace tidemill::app {
namespace {

// The alternate screen, without a cursor; and back.
constexpr const char* take_over = "\x1b[?1049h\x1b[?25l\x1b[2J";
constexpr const char* give_back = "\x1b[?25h\x1b[?1049l";
constexpr const char* to_the_top = "\x1b[H";
constexpr const char* clear_line = "\x1b[K";
constexpr const char* clear_rest_of_page = "\r\n\x1b[J";

void print_now(const std::string& text) {
  fmt::print("{}", text);
  std::fflush(stdout);
}

sigset_t told_as_keys() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGWINCH}) sigaddset(&signals, signal);
  return signals;
}

}  // namespace

bool Screen::possible() {
  const char* const kind = std::getenv("TERM");
  return kind != nullptr && std::string_view(kind) != "dumb" && ::isatty(STDIN_FILENO) == 1 &&
         ::isatty(STDOUT_FILENO) == 1;
}

Screen::Screen() {
  const sigset_t signals = told_as_keys();
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signals_ = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
  ::tcgetattr(STDIN_FILENO, &before_);
  termios raw = before_;
  raw.c_lflag &= ~static_cast<tcflag_t>(ECHO | ICANON | ISIG);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &raw);
  print_now(take_over);
}

Screen::~Screen() {
  print_now(give_back);
  ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
  if (signals_ >= 0) ::close(signals_);
  const sigset_t signals = told_as_keys();
  ::pthread_sigmask(SIG_UNBLOCK, &signals, nullptr);
}

Screen::Size Screen::size() {
  winsize window{};
  Size size;
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0) return size;
  if (window.ws_col > 0) size.columns = window.ws_col;
  if (window.ws_row > 0) size.rows = window.ws_row;
  return size;
}

void Screen::draw(const std::vector<std::string>& lines) {
  std::string page = to_the_top;
  const char* separator = "";
  // Cleared before it is written: behind a line as wide as the screen the cursor stands on its end.
  for (const std::string& line : lines) {
    page.append(separator).append(clear_line).append(line);
    separator = "\r\n";
  }
  if (lines.size() < size().rows) page += clear_rest_of_page;
  print_now(page);
}

int Screen::key(Duration at_most) {
  const auto millis = std::chrono::ceil<std::chrono::milliseconds>(at_most).count();
  std::array<pollfd, 2> waiting{{{STDIN_FILENO, POLLIN, 0}, {signals_, POLLIN, 0}}};
  if (::poll(waiting.data(), waiting.size(), static_cast<int>(std::max<std::int64_t>(0, millis))) <=
      0)
    return none;
  if (waiting[1].revents != 0) {
    signalfd_siginfo told{};
    if (::read(signals_, &told, sizeof told) != sizeof told) return none;
    return told.ssi_signo == SIGWINCH ? resized : quit;
  }
  char letter = 0;
  if (::read(STDIN_FILENO, &letter, 1) != 1) return quit;
  return letter;
}

}  // namespace tidemill::app
