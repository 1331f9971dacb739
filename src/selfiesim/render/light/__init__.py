"""Light transport in numpy: planetshine, interreflection, reflections."""
