// Checks whether a pose of the arm is within reach. The pose comes from another module, ur5.forward, and the allowed
// reach from a callable that the host has registered, so neither is compiled in here.
#include "watchdog.hpp"

#include <cmath>

using safety::Verdict;

// The allowed distance from the base, in metres, when the caller passes no callable.
constexpr double DEFAULT_REACH = 0.85;

// Return the allowed distance: what the callable `reach`, if it is not 0, returns.
static arora::Result<double> allowed_distance(std::uint64_t reach) {
    if (reach == 0) return DEFAULT_REACH;
    arora::Result<double> metres = arora::call<double>(reach);
    if (metres && std::isnan(*metres)) return arora::Error{"the allowed reach is not a number"};
    return metres;
}

arora::Result<Verdict> watchdog::check(std::vector<double> joints, std::uint64_t reach) {
    arora::Result<kinematics::Pose> pose = imported::forward(joints);
    if (!pose) return Verdict{Verdict::Unknown{pose.error().message}};
    arora::Result<double> allowed = allowed_distance(reach);
    if (!allowed) return Verdict{Verdict::Unknown{allowed.error().message}};
    const auto &[x, y, z] = pose->position;
    double distance = std::sqrt(x * x + y * y + z * z);
    if (distance <= *allowed) return Verdict{Verdict::Safe{}};
    return Verdict{Verdict::TooFar{distance - *allowed}};
}
