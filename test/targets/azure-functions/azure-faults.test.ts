import { bearsFaults } from '../../azure/faults-story.ts';

bearsFaults('Flex Consumption', {});
