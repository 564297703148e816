#include "photo_sets.h"

#include <algorithm>
#include <array>

#include "vips_image.h"

namespace tidemill::bench {
namespace {

struct Kind {
  const char* name;
  int width;
  int height;
  int quality;
  VipsForeignSubsample subsample;
  int orientation;
};

constexpr std::array kinds{
    Kind{"1 MP 4:2:0", 1152, 864, 87, VIPS_FOREIGN_SUBSAMPLE_ON, 1},
    Kind{"1 MP 4:4:4", 1152, 864, 90, VIPS_FOREIGN_SUBSAMPLE_OFF, 1},
    Kind{"1 MP EXIF 6", 1152, 864, 87, VIPS_FOREIGN_SUBSAMPLE_ON, 6},
    Kind{"3 MP 4:2:0", 2048, 1536, 87, VIPS_FOREIGN_SUBSAMPLE_ON, 1},
    Kind{"3 MP 4:4:4", 2048, 1536, 90, VIPS_FOREIGN_SUBSAMPLE_OFF, 1},
    Kind{"3 MP EXIF 6", 2048, 1536, 87, VIPS_FOREIGN_SUBSAMPLE_ON, 6},
    Kind{"12 MP 4:2:0", 4000, 3000, 87, VIPS_FOREIGN_SUBSAMPLE_ON, 1},
    Kind{"12 MP 4:4:4", 4000, 3000, 90, VIPS_FOREIGN_SUBSAMPLE_OFF, 1},
    Kind{"12 MP EXIF 6", 4000, 3000, 87, VIPS_FOREIGN_SUBSAMPLE_ON, 6},
};

File encode(VipsImage* picture, const Kind& kind) {
  VipsImage* copied = nullptr;
  require(vips_copy(picture, &copied, nullptr));
  const Image tagged(copied);
  vips_image_set_int(tagged.get(), VIPS_META_ORIENTATION, kind.orientation);
  void* bytes = nullptr;
  std::size_t count = 0;
  require(vips_jpegsave_buffer(tagged.get(), &bytes, &count, "Q", kind.quality, "subsample_mode",
                               kind.subsample, "optimize_coding", TRUE, nullptr));
  const auto* first = static_cast<std::uint8_t*>(bytes);
  File file(first, first + count);
  g_free(bytes);
  return file;
}

Image cut(const std::filesystem::path& photo, int width, int height) {
  VipsImage* small = nullptr;
  require(vips_thumbnail(photo.c_str(), &small, width, "height", height, "crop",
                         VIPS_INTERESTING_CENTRE, nullptr));
  const Image lazy(small);
  VipsImage* held = vips_image_copy_memory(lazy.get());
  require(held == nullptr ? 1 : 0);
  return Image(held);
}

}  // namespace

std::vector<PhotoSet> make_photo_sets(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> photos;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".jpg") photos.push_back(entry.path());
  }
  std::ranges::sort(photos);
  std::vector<PhotoSet> sets;
  for (const Kind& kind : kinds) {
    PhotoSet& set = sets.emplace_back(kind.name, std::vector<File>{});
    for (const auto& photo : photos) {
      set.files.push_back(encode(cut(photo, kind.width, kind.height).get(), kind));
    }
  }
  return sets;
}

}  // namespace tidemill::bench
