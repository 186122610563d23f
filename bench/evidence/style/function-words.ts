/** English words of the closed classes: they carry grammar rather than content. */
const BY_CLASS = {
  articles: 'a an the',
  pronouns:
    'i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers ' +
    'herself it its itself they them their theirs themselves one ones oneself who whom whose which what that this ' +
    'these those each other another such someone somebody something anyone anybody anything everyone everybody ' +
    'everything nobody nothing none whoever whatever whichever',
  quantifiers: 'all any both either neither every few fewer less little many more most much no several some enough',
  auxiliaries:
    'am is are was were be been being have has had having do does did doing done can could may might must shall ' +
    'should will would ought',
  prepositions:
    'about above across after against along among around as at before behind below beneath beside besides between ' +
    'beyond by despite down during except for from in inside into like near of off on onto out outside over past per ' +
    'since through throughout to toward towards under until up upon via with within without',
  conjunctions:
    'and or but nor yet so if unless because although though while whereas whether than when whenever where wherever ' +
    'once lest',
  adverbs:
    'not never also too very just only even still already always often sometimes usually here there now then thus ' +
    'therefore hence however moreover furthermore instead otherwise rather quite again further how why',
  contractions: 's t re ve ll d m don doesn didn isn aren wasn weren won wouldn couldn shouldn can cannot hasn haven',
};

export const FUNCTION_WORDS: ReadonlySet<string> = new Set(
  Object.values(BY_CLASS).flatMap((words) => words.split(' ')),
);
