// Names of devices and streams, and Point: a position in a stream's order of work.
#pragma once

#include <cstdint>
#include <string>

namespace tandem {

enum class DeviceType : uint8_t { cpu, gpu };

// A place where operations run. An array has none.
struct Device {
  DeviceType type = DeviceType::cpu;
  int index = 0;
  bool operator==(const Device&) const = default;
};

std::string to_string(Device device);  // "Device(cpu, 0)"

// A queue of operations on one device; work on one stream keeps its order.
struct Stream {
  int index = 0;
  Device device;
  bool operator==(const Stream&) const = default;
};

std::string to_string(const Stream& stream);  // "Stream(Device(cpu, 0), 0)"

}  // namespace tandem

namespace tandem::device {

// The end of the `sequence`-th piece of work on a stream. An event is a Point; nothing is
// allocated. The default Point lies before all work and is always reached.
class Point {
 public:
  constexpr Point() = default;
  constexpr Point(uint16_t stream, uint64_t sequence) : word_(uint64_t{stream} << 48 | sequence) {}
  constexpr uint16_t stream() const { return static_cast<uint16_t>(word_ >> 48); }
  constexpr uint64_t sequence() const { return word_ & ((uint64_t{1} << 48) - 1); }
  constexpr bool never_waits() const { return sequence() == 0; }
  constexpr bool operator==(const Point&) const = default;

 private:
  uint64_t word_ = 0;
};

}  // namespace tandem::device
