const ADJECTIVES =
  "able bold brave bright calm caring clean clear cool crisp deft eager fair fast fine firm fond free fresh glad good grand honest keen kind light lively lucid mild neat nice proud quick quiet rapid rare ready rich sharp silent smart smooth sound steady stoic swift tidy true warm wise"
    .split(" ");
const ANIMALS =
  "ape auk bat bear bee boar bug calf carp cat chimp cod colt cow crab crane crow cub deer doe dog dove duck eel elk ewe finch fish flea fly foal fowl fox frog gnat gnu goat goose grouse grub gull hare hawk hen hog horse hound jay kite koi lamb lark loon lynx mare mink mole moose moth mouse mule newt owl ox panda perch pig pike pug quail ram rat ray robin rook seal shad shark sheep shrew shrike skunk slug snail snake sow squid stag steed stork swan toad trout vole wasp whale wolf worm wren yak zebra"
    .split(" ");

/** Longest invented name, as in MLflow. */
const MAX_LENGTH = 20;

/** A name for a run or model that has none: `<adjective>-<animal>-<0..1000>`, at most 20 characters. */
export function inventName(): string {
  const pick = (words: readonly string[]) => words[crypto.getRandomValues(new Uint32Array(1))[0]! % words.length]!;
  const number = crypto.getRandomValues(new Uint32Array(1))[0]! % 1001;
  return `${pick(ADJECTIVES)}-${pick(ANIMALS)}-${number}`.slice(0, MAX_LENGTH);
}

/** 32 hex digits, as MLflow's run ids. */
export function randomHex(): string {
  return crypto.randomUUID().replaceAll("-", "");
}
